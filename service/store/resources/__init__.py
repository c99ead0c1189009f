"""Facts of FHIR resources: in, newest version first, and out again as charts."""
