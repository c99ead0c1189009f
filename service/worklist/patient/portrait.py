"""One patient's assessment in its JSON form, as the patient page shows it."""

from collections.abc import Mapping
from datetime import datetime, tzinfo
from typing import Any

from alerts.knowledge import Knowledge
from service.worklist.synopsis import Said, exposed_drug, interval, missing, next_steps, pair
from service.worklist.words import (
    EXPOSURE_READINGS,
    SCORED,
    STATES,
    TIERS,
    clock,
    finding_name,
    instant,
    named,
    rank_of,
    reading,
    severity_word,
)

_RUNNING = {"true": "yes", "false": "no", "unknown": "not known"}
_GATES = {
    "open": "exposed now or recently",
    "closed": "not exposed by the record",
    "unverified": "cannot be verified from the record",
}
_MODES = {"interruptive": "interrupts", "passive": "list only"}
_MET = {"true": "criteria met", "false": "criteria not met", "unknown": "cannot be decided"}


def portrait(said: Said, rules: Knowledge, zone: tzinfo, as_of: datetime) -> dict[str, Any]:
    """Everything that the patient page shows of an assessment. `rules`: those that made it."""
    cutoff = rules.parameters["iec.cutoff"]
    lower, upper = interval(said)
    literal = said["iec_literal"]
    return {
        "tier": TIERS.get(said["tier"], named(said["tier"])),
        "word": severity_word(said["tier"]) if said["tier"] != "NONE" else "",
        "tone": ("list-only", "watch", "warning", "critical")[rank_of(said["tier"])],
        "wording": said["wording"],
        "severity": _severity(said),
        "next": next_steps(said) if said["tier"] != "NONE" else [],
        "missing": missing(said) if said["tier"] != "NONE" else [],
        "not_severe_because_unknown": _not_severe(said),
        "critical_care": list(said["severity_detail"]["critical_care"]),
        "tier_rules": said["tier_rules"],
        "caps": [named(cap) for cap in said["caps"]],
        "incomplete": [named(gap) for gap in said["incomplete"]],
        "gate": f"{_GATES.get(said['gate'], said['gate'])} ({named(said['gate_reason'])})",
        "lower": lower,
        "upper": upper,
        "literal": f"{literal['lower']}–{literal['upper']}",
        "literal_window": rules.says("{exposure.literal_h} h"),
        "cutoff": f"{cutoff.value:g}",
        "cutoff_unconfirmed": cutoff.basis == "U",
        "requests": said["requests"],
        "unmapped": [reading(d, as_of, zone) for d in said["unmapped"]],
        "stage": said["stage"],
        "plan": said["plan"],
        "interactions": [_interaction(row, as_of, zone) for row in said["interactions"]],
        "findings": _findings(said, rules, as_of, zone),
        "exposures": [_exposure(e, as_of, zone) for e in said["exposures"]],
        "withdrawals": [_withdrawal(w, as_of, zone) for w in said["withdrawals"]],
        "differential": [{**d, "met": _MET.get(d["met"], d["met"])} for d in said["differential"]],
        "culprits": [_culprit(c, as_of, zone) for c in said["culprits"]],
        "scales": [_scale(scale) for scale in said["scale_details"]],
        "risks": [
            {**r, "evidence": [reading(e, as_of, zone) for e in r["evidence"]]}
            for r in said["risk_factors"]
        ],
        "rules": said["rules"],
        "disclaimer": said["disclaimer"],
    }


def _severity(said: Said) -> str:
    detail = said["severity_detail"]
    if detail["level"] == "NONE":
        return ""
    stage = f", Woodbury stage {detail['stage']}" if detail["stage"] else ""
    why = f": {'; '.join(detail['reasons'])}" if detail["reasons"] else ""
    return f"Severity {detail['level'].lower()}{stage}{why}."


def _not_severe(said: Said) -> list[str]:
    """What could make it severe, and nobody measured; nothing more can where it is severe."""
    detail = said["severity_detail"]
    return [] if detail["level"] == "SEVERE" else list(detail["unknown"])


def _findings(said: Said, rules: Knowledge, as_of: datetime, zone: tzinfo) -> list[dict[str, Any]]:
    """The scored items first, in the order of the criteria, then the rest by id."""
    found: Mapping[str, Any] = said["findings"]
    order = [*(k for k in SCORED if k in found), *(k for k in sorted(found) if k not in SCORED)]
    anchors = _Anchors()
    return [
        {
            "id": key,
            "scored": key in SCORED,
            "name": finding_name(key, rules.says),
            "state": found[key]["state"],
            "state_words": STATES[found[key]["state"]],
            "reason": named(found[key]["reason"]),
            "caveats": [named(caveat) for caveat in found[key]["caveats"]],
            "evidence": [
                anchors.once(reading(fact, as_of, zone)) for fact in found[key]["evidence"]
            ],
        }
        for key in order
    ]


class _Anchors:
    """Facts are link targets by their source; a page has each target once."""

    def __init__(self) -> None:
        self._used: set[str] = set()

    def once(self, fact: dict[str, str]) -> dict[str, str]:
        source = fact["source"]
        anchor = "" if source in self._used else source
        self._used.add(source)
        return {**fact, "anchor": anchor}


def _culprit(culprit: Said, as_of: datetime, zone: tzinfo) -> dict[str, Any]:
    last, until = instant(culprit["last_dose"]), instant(culprit["until"])
    return {
        "name": culprit["name"],
        "dose": " ".join(part for part in (culprit["dose"], culprit["route"]) if part),
        "last_dose": clock(last, as_of, zone) if last else "not recorded",
        "standing": ", ".join(culprit["standing"]) or "not on the chart now",
        "certain": culprit["certain"],
        "until": clock(until, as_of, zone) if culprit["long_acting"] and until else "",
        "source": culprit["source"],
    }


def _scale(scale: Said) -> dict[str, Any]:
    count = scale["count"]
    return {
        **scale,
        "met_words": _MET.get(str(scale["met"]), "described, never “met”"),
        "counted": f"{count['lower']}–{count['upper']}" if count else "",
        "features": [{**f, "words": STATES[f["state"]]} for f in scale["features"]],
    }


def _exposure(exposure: Said, as_of: datetime, zone: tzinfo) -> dict[str, Any]:
    last, until = instant(exposure["last_dose"]), instant(exposure["full_until"])
    return {
        "drug": exposed_drug(exposure),
        "long_acting": exposure["long_acting"],
        "last_dose": clock(last, as_of, zone) if last else "not recorded",
        "running": _RUNNING[exposure["running"]],
        "reading": EXPOSURE_READINGS.get(exposure["reading"], named(exposure["reading"])),
        "until": clock(until, as_of, zone) if until else "",
        "source": exposure["source"],
        "evidence": exposure["evidence"],
    }


def _withdrawal(withdrawal: Said, as_of: datetime, zone: tzinfo) -> dict[str, str]:
    return {
        "drug": named(withdrawal["drug"]),
        "at": clock(instant(withdrawal["at"]), as_of, zone),
        "reason": f"{withdrawal['trigger']}: {named(withdrawal['reason'])}",
        "source": withdrawal["source"],
    }


def _interaction(row: Said, as_of: datetime, zone: tzinfo) -> dict[str, Any]:
    return {
        **row,
        "pair": pair(row["drugs"]),
        "mode_words": _MODES.get(row["mode"], named(row["mode"])),
        "facts": [reading(fact, as_of, zone) for fact in row["facts"]],
    }
