"""An assessment in its stored JSON form, told in the three lines of a worklist row."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, tzinfo
from typing import Any

from service.worklist.words import instant, lately, named, quantity, reading

Said = Mapping[str, Any]

# finding -> (short name, whether its readings carry a number), strongest first
_CARRIERS = {
    "HYP": "temperature",
    "TEMP1": "temperature",
    "RIG": "tone",
    "MS": "consciousness",
    "MSB": "mental state",
    "CK": "CK",
    "SNS": "",  # several kinds of reading: each is told by its own name
    "MET": "",
    "DIAPH": "sweating",
}
_GAPS = {
    "RIG": "tone not examined",
    "MS": "consciousness not recorded",
    "HYP": "temperature not certain",
    "CK": "CK not known",
    "EXP": "drug history not certain",
}
_NEXT = {
    "NEXT-TONE": "examine tone in all limbs and neck",
    "NEXT-MS": "record ACVPU or GCS",
    "NEXT-TEMP": "oral or core temperature twice",
    "NEXT-CK": "send CK",
    "NEXT-RECON": "reconcile drugs",
    "NEXT-REFLEX": "check clonus and reflexes",
    "NEXT-CHEM": "potassium, creatinine, blood gas",
    "NEXT-INFECT": "cultures, look for infection",
    "NEXT-LITH": "lithium level",
    "NEXT-CATA": "screen for catatonia",
}
_SHOWN_NEXT = 3
# what a reading is called on a row that is told by its own name
_OWN = {
    "systolic_bp": "systolic BP",
    "diastolic_bp": "diastolic BP",
    "heart_rate": "pulse",
    "respiratory_rate": "breathing",
    "diaphoresis": "sweating",
    "urinary_incontinence": "incontinence",
}
_ACVPU = {
    "C": "new confusion",
    "V": "responds to voice",
    "P": "responds to pain",
    "U": "unresponsive",
}
_ROUTES = {"im": "IM", "iv": "IV", "sc": "SC", "oral": "by mouth", "td": "patch"}


def facts(said: Said, as_of: datetime, zone: tzinfo) -> list[dict[str, str]]:
    """The readings that carry the tier: the newest of each finding that is true.

    A number never stands under a name that could be another's: "pulse and breathing 25 /min".
    """
    shown: dict[str, dict[str, str]] = {}
    for key, name in _CARRIERS.items():
        finding = said["findings"].get(key)
        if finding is None or finding["state"] != "true" or name in shown:
            continue
        if key == "MSB" and "consciousness" in shown:
            continue  # the same mind, read more broadly
        if not name:
            for what, one in _newest_of_each(finding["evidence"]).items():
                shown.setdefault(_OWN.get(what, named(what)), reading(one, as_of, zone, lately))
            continue
        newest = _newest(finding["evidence"])
        if newest is None:
            shown[name] = {"what": name, "value": "present", "when": "", "source": "", "label": ""}
        else:
            shown[name] = reading(newest, as_of, zone, lately)
    return [
        {**told, "what": name, "value": _spoken(told), "plain": _plain(name, told)}
        for name, told in shown.items()
    ]


def _plain(name: str, told: Mapping[str, str]) -> str:
    """ "yes" where the value says alone what it is: '39.3 °C', 'responds to voice'."""
    says = (name == "temperature" and told["value"].endswith("°C")) or told["what"] in {
        "acvpu", "gcs total",
    }  # fmt: skip
    return "yes" if says else ""


def _spoken(told: Mapping[str, str]) -> str:
    """'responds to voice', 'GCS 9': a bare letter or number of consciousness says too little."""
    if told["what"] == "acvpu":
        return _ACVPU.get(told["value"], told["value"])
    return f"GCS {told['value']}" if told["what"] == "gcs total" else told["value"]


def _newest_of_each(evidence: Sequence[Said]) -> dict[str, Said]:
    """The newest reading of each kind, without the baseline that it was measured against."""
    kinds = dict.fromkeys(e["what"] for e in evidence if not e["what"].startswith("baseline"))
    newest = {kind: _newest([e for e in evidence if e["what"] == kind]) for kind in kinds}
    return {kind: found for kind, found in newest.items() if found is not None}


def _newest(evidence: Sequence[Said]) -> Said | None:
    """The newest reading that somebody recorded; a drug that confounds one is not it."""
    own = [e for e in evidence if e["source"] and not e["source"].startswith("Medication")]
    return max(own, key=lambda e: e["at"] or "", default=None)


def drugs(said: Said, as_of: datetime, zone: tzinfo) -> list[str]:
    """What the patient is exposed to, with route and last dose; and what was withdrawn."""
    held: dict[str, str] = {}
    for e in sorted(said["exposures"], key=lambda e: e["last_dose"] or ""):
        if e["reading"] != "ended":  # an order and its doses are one drug: the newest dose counts
            held[exposed_drug(e)] = f"{exposed_drug(e)}, {_last_dose(e, as_of, zone)}"
    return [*held.values(), *_withdrawn(said["withdrawals"], as_of, zone)]


def _withdrawn(withdrawals: Sequence[Said], as_of: datetime, zone: tzinfo) -> Iterator[str]:
    """Once for each drug, however many doses were missed: how often, and since when."""
    times: dict[str, set[str]] = {}
    for w in withdrawals:
        if w["reading"] != "ended":
            times.setdefault(w["drug"], set()).update([w["at"]] if w["at"] else [])
    for drug, missed in times.items():
        often = f"{len(missed)} times since " if len(missed) > 1 else ""
        first = lately(instant(min(missed, default=None)), as_of, zone)
        yield f"{named(drug)} stopped, cut or missed {often}{first}"


def exposed_drug(exposure: Said) -> str:
    """'haloperidol decanoate IM'."""
    drug, route = named(exposure["product"] or exposure["drug"]), exposure["route"]
    return f"{drug} {_ROUTES.get(route, route)}" if route else drug


def _last_dose(exposure: Said, as_of: datetime, zone: tzinfo) -> str:
    at = instant(exposure["last_dose"])
    return f"last {lately(at, as_of, zone)}" if at else "last dose not recorded"


def missing(said: Said) -> list[str]:
    """What nobody recorded of what would tell most."""
    return [
        words
        for key, words in _GAPS.items()
        if (found := said["findings"].get(key)) is None or found["state"] == "unknown"
    ]


def gaps(said: Said) -> list[str]:
    """What nobody recorded, and why the evaluation is incomplete (SAF-10)."""
    return [*missing(said), *(f"evaluation incomplete: {named(gap)}" for gap in said["incomplete"])]


def next_steps(said: Said) -> list[str]:
    """What to do next, at most three: stop or restart first, then what to examine or send."""
    return list(_steps(said))[:_SHOWN_NEXT]


def _steps(said: Said) -> Iterator[str]:
    advised = set(said["guidance"])
    if "MGT-DA-REINSTATE" in advised:
        withdrawn = [named(w["drug"]) for w in said["withdrawals"] if w["reading"] != "ended"]
        yield f"restart {' and '.join(dict.fromkeys(withdrawn)) or 'the dopaminergic drug'}"
    if "MGT-STOP" in advised:
        running = [named(e["drug"]) for e in said["exposures"] if e["running"] == "true"]
        yield f"stop {' and '.join(dict.fromkeys(running)) or 'every dopamine antagonist'}"
    for request in said["requests"]:
        yield _NEXT.get(request["id"], request["ask"])


def interval(said: Said) -> tuple[int, int]:
    return int(said["iec"]["lower"]), int(said["iec"]["upper"])


def pair(drugs_of_row: Sequence[str]) -> str:
    """'Dantrolene × verapamil'."""
    words = " × ".join(named(drug).removeprefix("condition:") for drug in drugs_of_row)
    return words[:1].upper() + words[1:]


def interaction_of(said: Said, rule: str, drugs_of_row: Sequence[str]) -> Said | None:
    """The interaction of an assessment that an alert stands for."""
    wanted = sorted(drugs_of_row)
    for row in said["interactions"]:
        if row["id"] == rule and (not wanted or sorted(row["drugs"]) == wanted):
            return dict(row)
    return None


def interaction_facts(row: Said, as_of: datetime, zone: tzinfo) -> list[dict[str, str]]:
    return [reading(fact, as_of, zone, lately) for fact in row["facts"]]


def score_words(said: Said) -> str:
    """'65–100 of 100', the unknowns counted both ways."""
    lower, upper = interval(said)
    return f"{quantity(str(lower), '')}–{quantity(str(upper), '')} of 100"
