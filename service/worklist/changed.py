"""What changed since the reader last looked, in the words of a row (alerts.compare)."""

from collections.abc import Iterator, Mapping
from typing import Any

from alerts.compare import Because, Change, Part, differences
from alerts.statements import TierName
from service.worklist.words import TIERS, named, quantity

Said = Mapping[str, Any]

_SHOWN = 4
_NAMES = {
    # without the numbers of the rules: the two looks may have been under other ones
    "HYP": "fever twice",
    "TEMP1": "fever, one reading",
    "RIG": "rigidity",
    "MS": "altered consciousness",
    "CK": "CK above its limit",
    "SNS": "sympathetic lability",
    "MET": "pulse and breathing raised",
    "DIAPH": "sweating",
    "NEG": "work-up negative",
    "EXP": "exposure",
}
# findings whose number is worth telling again when it moves
_NUMBERS = {"CK": "CK", "TEMP1": "temperature", "HYP": "temperature"}
_KEPT = ("tier", "channel", "severity", "rules", "iec", "ask_next", "guidance")


def snapshot(said: Said | None) -> dict[str, Any]:
    """The parts of an assessment that `differences` reads: kept for the next look."""
    if said is None or "findings" not in said or "exposures" not in said:
        return {}
    return {
        **{name: said[name] for name in _KEPT},
        "findings": {
            key: {
                "state": found["state"],
                "evidence": [
                    {name: e[name] for name in ("what", "value", "unit", "at", "source")}
                    for e in found["evidence"]
                ],
            }
            for key, found in said["findings"].items()
        },
        "exposures": [{"drug": e["drug"], "reading": e["reading"]} for e in said["exposures"]],
        "interactions": [
            {"id": i["id"], "drugs": list(i["drugs"]), "severity": i["severity"]}
            for i in said["interactions"]
        ],
    }


def changed_words(before: Said, after: Said) -> list[str]:
    """At most four, most telling first: '+ rigidity', 'CK 1,200 → 4,200 U/L'."""
    if not before:
        return []
    told = [*_told(differences(before, after)), *_moved(before, after)]
    return list(dict.fromkeys(told))[:_SHOWN]


def _told(changes: tuple[Change, ...]) -> Iterator[str]:
    for change in changes:
        if change.part is Part.TIER:
            yield _tier(change)
        elif change.part is Part.FINDING and change.what in _NAMES:
            yield _finding(change)
        elif change.part is Part.EXPOSURE and change.before in {"", "ended"}:
            yield f"+ {named(change.what)}"
        elif change.part is Part.INTERACTION and not change.before:
            drugs = change.what.partition(":")[2].replace("+", " × ")
            yield f"+ interaction {named(drugs)}"


def _tier(change: Change) -> str:
    risen = TierName(change.after).rank > TierName(change.before).rank
    arrow = "▲" if risen else "▼"
    return f"{arrow} from “{TIERS.get(change.before, named(change.before))}”"


def _finding(change: Change) -> str:
    name = _NAMES[change.what]
    if change.after == "true":
        return f"+ {name}"
    if change.after == "false":
        return f"{name}: recorded absent"
    why = " (taken back)" if change.because is Because.EVIDENCE_GONE else ""
    return f"{name}: no longer known{why}"


def _moved(before: Said, after: Said) -> Iterator[str]:
    """Numbers that moved although the finding did not."""
    for key, name in _NUMBERS.items():
        old, new = _newest(before, key), _newest(after, key)
        if old and new and old["source"] != new["source"] and old["value"] != new["value"]:
            then = quantity(str(old["value"]), "")
            yield f"{name} {then} → {quantity(str(new['value']), str(new['unit']))}"


def _newest(said: Said, key: str) -> Said | None:
    found = said["findings"].get(key)
    if found is None or found["state"] != "true":
        return None
    wanted = {"CK": "creatine_kinase"}.get(key, "body_temperature")
    own = [e for e in found["evidence"] if e["source"] and e["what"] == wanted]
    return max(own, key=lambda e: e["at"] or "", default=None)
