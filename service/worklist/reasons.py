"""Reasons and interventions (SPEC ALR-07, ALR-09): few, coded, each changes what happens next."""

SNOOZE = {
    "being-examined": "Being examined now",
    "will-monitor": "Will monitor: ask again then",
    "awaiting-result": "Waiting for a result",
}
SNOOZE_MINUTES = {30: "30 minutes", 60: "1 hour", 240: "4 hours", 720: "12 hours"}
RESOLVE = {
    "acted-on": "Acted on",
    "alternative-cause": "Another cause explains the picture",
    "not-exposed": "The drug was not taken or given",
    "data-error": "A value shown is wrong",
    "comfort-care": "Comfort-focused care only",
    "benefit-outweighs": "Known, and the benefit outweighs it",
}
INTERVENTION = {
    "": "none to record",
    "drug-stopped": "Drug stopped",
    "drug-changed": "Drug changed",
    "dose-changed": "Dose changed",
    "dopaminergic-reinstated": "Dopaminergic drug restarted",
    "monitoring-started": "Monitoring started",
    "test-ordered": "Test ordered",
    "prescriber-contacted": "Prescriber contacted",
    "transferred": "Moved to higher care",
    "treated": "Treated",
    "no-change": "Advised, nothing changed",
}
GLASS = {
    "emergency": "Emergency: the patient needs me now",
    "cross-cover": "I cover this ward today",
    "transfer": "The patient is coming to my ward",
    "safety-review": "Review of a safety event",
}
