"""The medicine: what a chart says about neuroleptic malignant syndrome, and what to do.

Pure: standard library only, no clock, no input or output, no FHIR. The one door is
:func:`alerts.assessment.assess`.
"""
