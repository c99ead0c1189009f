"""Options that a client may switch on for one call (HL7 PDDI-CDS); all are off by default."""

from typing import Any

ITEMS = "pddi-configuration-items"
REMEMBER, FILTER = "cache-for-order-sign-filtering", "filter-out-repeated-alerts"
_OFFERED = {
    "order-select": (
        REMEMBER,
        "Remember for order-sign",
        "Remember which interaction warnings this clinician was shown, for 24 hours at most.",
    ),
    "order-sign": (
        FILTER,
        "Do not repeat at order-sign",
        "Leave out interaction warnings that the same clinician was shown for the same patient,"
        " encounter and medication. Never for suspected NMS or a contraindicated pair.",
    ),
}


def options_of(hook: str) -> dict[str, Any]:
    """The `extension` of a discovery entry; {} where there is nothing to choose."""
    if hook not in _OFFERED:
        return {}
    code, name, description = _OFFERED[hook]
    item = {"code": code, "type": "boolean", "name": name, "description": description}
    return {ITEMS: [item]}


def chosen(extension: Any) -> frozenset[str]:
    """The options that the `extension` of a request switches on."""
    given = extension.get(ITEMS) if isinstance(extension, dict) else None
    held = given if isinstance(given, dict) else {}
    return frozenset(name for name, on in held.items() if on is True)
