"""Plausible values (SPEC 2.3): accept, accept but verify, or reject. The limits are data."""

import csv
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

VERIFY = ("verify",)
# A pair closer than this is an artefact (SPEC 2.3: "pair with SBP - DBP < 5").
PULSE_PRESSURE_MIN = 5.0


@dataclass(frozen=True, slots=True)
class Range:
    """Limits of one concept in its stored unit; None = none. `rule` is the row of SPEC 2.3."""

    low: float
    high: float
    verify_low: float
    verify_high: float
    whole: bool
    rule: str


def judge(concept: str, value: float) -> tuple[str, ...] | None:
    """Flags of an accepted value (("verify",) or none); None when it is to be rejected."""
    return judged(ranges().get(concept), value)


def judged(limits: Range | None, value: float) -> tuple[str, ...] | None:
    """`judge` with the limits at hand."""
    if limits is None:
        return ()
    if limits.whole and value != int(value):
        return None
    if limits.low <= value <= limits.high:
        return ()
    return VERIFY if limits.verify_low <= value <= limits.verify_high else None


@cache
def ranges() -> dict[str, Range]:
    """The table, by concept key."""
    text = (files("service.fhir") / "plausibility.csv").read_text(encoding="utf-8")
    rows = csv.DictReader(line for line in text.splitlines() if not line.startswith("#"))
    return {row["concept"]: _range(row) for row in rows}


def _range(row: dict[str, str]) -> Range:
    low, high = float(row["accept_low"]), float(row["accept_high"])
    return Range(
        low,
        high,
        float(row["verify_low"] or low),
        float(row["verify_high"] or high),
        row["whole"] == "yes",
        row["rule"],
    )
