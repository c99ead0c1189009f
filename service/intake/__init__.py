"""FHIR pushed by a record system: bundles, single resources, NDJSON, subscription notifications."""
