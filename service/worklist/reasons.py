"""Reasons for snoozing and resolving (SPEC ALR-07): few, coded, each changes what happens next."""

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
}
