"""What one patient of one case came to under one rule version."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from service.replay.course import Called, Step
from service.replay.drawing import Drawing
from service.replay.trace import Trace
from service.replay.verdict import Verdict

NOBODY = Called(0, 0, 0, 0, None, 0.0)


@dataclass(frozen=True, slots=True)
class Told:
    """What the case itself says: nothing here is judged."""

    case: str
    kind: str = ""
    group: str = ""
    label: str = ""
    why: str = ""
    family: str = ""
    syndrome: bool | None = None
    recognised_at: datetime | None = None
    expected: dict[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class CaseResult:
    """One patient of one case. `differences` are sentences; empty when as expected.

    Of a survey the timeline holds the changes of tier, without a score where there is none.

    `loudest`: the loudest channel of the course. `peak`: why at the peak; `contrast`: why at the
    first moment at which two versions differ; `drawing`: for the page only.
    """

    told: Told
    patient: str
    timeline: tuple[Step, ...]
    peak_tier: str
    first_at: dict[str, datetime]
    verdict: Verdict
    differences: tuple[str, ...]
    loudest: str = "none"
    called: Called = field(default=NOBODY)
    # entries that were refused; interactions of the course; a digest of all it said
    outcomes: tuple[str, ...] = ()
    interactions: tuple[str, ...] = ()
    said: str = ""
    # what of the life of its alerts was not as expected, in words
    life: tuple[str, ...] = ()
    peak: Trace | None = None
    contrast: Trace | None = None
    drawing: Drawing | None = None
    # which of several patients of one case, by the order of their ids; 0: the only one
    number: int = 0

    @property
    def case(self) -> str:
        return self.told.case

    @property
    def name(self) -> str:
        """The case id; of one patient among several a number: an id, even hashed, could be
        guessed. Invented patients go by their names, under which `truth.json` tells of them."""
        if self.told.kind == "simulated":
            return f"{self.case} / {self.patient}"
        return f"{self.case} / {self.number}" if self.number else self.case

    @property
    def ok(self) -> bool:
        return self.verdict in (Verdict.AS_EXPECTED, Verdict.NO_EXPECTATION)

    def as_dict(self) -> dict[str, Any]:
        """The stable JSON form; times in ISO 8601."""
        interrupted = self.called.interrupted_at
        return {
            "case": self.case,
            "patient": self.patient,
            "kind": self.told.kind,
            "group": self.told.group,
            "timeline": [
                {"at": s.at.isoformat(), "tier": s.tier,
                 "iec": None if s.lower is None else {"lower": s.lower, "upper": s.upper}}
                for s in self.timeline
            ],
            "peak_tier": self.peak_tier,
            "first_at": {tier: at.isoformat() for tier, at in self.first_at.items()},
            "channel": self.loudest,
            "interrupted_at": interrupted.isoformat() if interrupted else None,
            "expected": self.told.expected,
            "verdict": self.verdict.value,
            "differences": list(self.differences),
        }  # fmt: skip
