"""Invented inpatients, hour by hour, from a seed: well ones, look-alikes, and planted episodes.

Every number is drawn for the purpose of a test: plausible for a ward, taken from no patient and no
study. What was planted is told beside each patient (`Planted`), so that a replay can be judged.
"""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import synthetic as s

Json = dict[str, Any]
# share of admissions; episodes are planted far above their incidence, so that some are there
KINDS = (
    ("well-unexposed", 0.36), ("well-exposed", 0.44), ("infection", 0.07), ("stiff-only", 0.04),
    ("ck-after-restraint", 0.03), ("serotonin", 0.02), ("agitated", 0.02), ("episode", 0.02),
)  # fmt: skip
ANTAGONISTS = (
    ("5093", "haloperidol", 5, 12), ("61381", "olanzapine", 10, 24),
    ("35636", "risperidone", 2, 12),
    ("2626", "clozapine", 100, 12), ("51272", "quetiapine", 200, 12),
    ("6915", "metoclopramide", 10, 8),
)  # fmt: skip
OTHERS = (
    ("6470", "lorazepam", 1, 24),
    ("161", "acetaminophen", 1000, 8),
    ("36567", "simvastatin", 40, 24),
)


@dataclass(frozen=True)
class Planted:
    """`onset` and `recognised` in hours from admission; None where nothing was planted."""

    kind: str
    syndrome: bool
    onset: float | None
    recognised: float | None
    expect: Json
    why: str


@dataclass
class Patient:
    """One stay; `write` gives its resources in the order of time."""

    name: str
    chance: random.Random
    start: datetime
    hours: float
    planted: Planted
    count: int = 0

    def stamp(self, hours: float) -> str:
        return (self.start + timedelta(minutes=round(hours * 60))).isoformat()

    def own(self, resource: Json, hours: float) -> Json:
        """A resource of `synthetic` as this patient's own, at this patient's time."""
        self.count += 1
        resource["id"] = f"{self.name}-{self.count:05d}"
        if "subject" in resource:
            resource["subject"] = {"reference": f"Patient/{self.name}"}
        if "effectiveDateTime" in resource:
            resource["effectiveDateTime"] = self.stamp(hours)
        return resource

    def write(self) -> Iterator[Json]:
        yield from self._admission()
        yield from self._drugs()
        hours = 0.5
        while hours < self.hours:
            yield from self._round(hours)
            hours += 6 if self.severity(hours) == 0 else 3
        yield from self._laboratory()

    def _admission(self) -> Iterator[Json]:
        born = self.start - timedelta(days=self.chance.randrange(20 * 365, 88 * 365))
        yield {
            "resourceType": "Patient", "id": self.name, "birthDate": born.date().isoformat(),
            "gender": self.chance.choice(("female", "male")),
        }  # fmt: skip
        stay = self.own(s.stay(), 0)
        stay["status"] = "finished"
        stay["period"] = {"start": self.stamp(0), "end": self.stamp(self.hours)}
        yield stay

    def severity(self, hours: float) -> float:
        """0 to 1: how far the planted course has come."""
        onset = self.planted.onset
        if onset is None or hours < onset:
            return 0.0
        since = hours - onset
        return min(1.0, since / 36) if since < 120 else max(0.0, 1 - (since - 120) / 96)

    def _drugs(self) -> Iterator[Json]:
        kind = self.planted.kind
        regimens = [self.chance.choice(OTHERS)]
        if kind != "well-unexposed":
            regimens.append(self.chance.choice(ANTAGONISTS))
        if kind == "serotonin":
            regimens += [("4493", "fluoxetine", 20, 24), ("10689", "tramadol", 100, 8)]
        stop = self.planted.recognised
        for code, name, amount, every in regimens:
            drug = s.drug(code, name)
            begun = 2.0 if kind != "infection" else 4.0
            ordered = self.own(s.order(0, drug), begun)
            ordered["authoredOn"] = self.stamp(begun)
            yield ordered
            until = min(self.hours, stop) if stop and name != "acetaminophen" else self.hours
            for number in range(int((until - begun) // every)):
                at = begun + 0.5 + every * number + self.chance.uniform(-0.3, 0.3)
                if kind == "infection" or name != "acetaminophen":
                    yield self.own(s.dose(0, drug, amount, "oral"), at)

    def _round(self, hours: float) -> Iterator[Json]:
        """Vital signs, consciousness once a day, and what the planted course shows."""
        kind, level, noise = self.planted.kind, self.severity(hours), self.chance.gauss
        fever = {"episode": 2.9, "infection": 2.0, "serotonin": 1.4}.get(kind, 0.0) * level
        rate = {"episode": 48, "infection": 24, "serotonin": 40, "agitated": 30}.get(
            kind, 0
        ) * level
        yield self.own(s.measured("temperature", 0, round(noise(36.7, 0.22) + fever, 1)), hours)
        yield self.own(s.measured("pulse", 0, round(noise(76, 6) + rate)), hours)
        breaths = 12 * level if kind in ("episode", "infection") else 0
        yield self.own(s.measured("breaths", 0, round(noise(15, 1.2) + breaths)), hours)
        systolic = round(noise(122, 8) + (30 * level if kind in ("episode", "serotonin") else 0))
        yield self.own(s.pressure(0, systolic, round(systolic * 0.62)), hours)
        yield self.own(s.measured("spo2", 0, min(100, round(noise(97, 1)))), hours)
        if hours % 24 < 6 or level > 0:
            yield from self._mind(hours, level)
        if level > 0:
            yield from self._signs(hours, level)

    def _mind(self, hours: float, level: float) -> Iterator[Json]:
        dulled = self.planted.kind in ("episode", "serotonin") and level > 0.25
        letter = ("V" if level > 0.6 else "C") if dulled else "A"
        yield self.own(s.alertness(0, letter), hours + 0.1)

    def _signs(self, hours: float, level: float) -> Iterator[Json]:
        kind = self.planted.kind
        if kind == "episode" and level > 0.15 and self.chance.random() < 0.5:
            yield self.own(s.tone(0, "lead-pipe rigidity"), hours + 0.2)
        if kind == "stiff-only" and self.chance.random() < 0.4:
            yield self.own(s.tone(0, "cogwheel rigidity"), hours + 0.2)
        if kind == "serotonin" and self.chance.random() < 0.5:
            yield self.own(s.sign(0, "39055007", "Clonus"), hours + 0.2)
            yield self.own(s.sign(0, "86854008", "Hyperreflexia"), hours + 0.2)
        if kind == "agitated" and self.chance.random() < 0.5:
            yield self.own(s.sign(0, "24199005", "Feeling agitated"), hours + 0.2)
        if kind == "episode" and level > 0.4 and self.chance.random() < 0.3:
            yield self.own(s.sign(0, "52613005", "Excessive sweating"), hours + 0.2)

    def _laboratory(self) -> Iterator[Json]:
        kind = self.planted.kind
        for day in range(int(self.hours // 24) + 1):
            hours = 24.0 * day + 1.5
            if hours >= self.hours:
                return
            level = self.severity(hours)
            if day % 3 == 0 or level > 0:
                high = 9 * level if kind == "infection" else 4 * level
                yield self.own(
                    s.measured("wbc", 0, round(self.chance.gauss(7.2, 1) + high, 1)), hours
                )
                yield self.own(
                    s.measured("potassium", 0, round(self.chance.gauss(4.1, 0.25), 1)), hours
                )
                yield self.own(s.measured("creatinine", 0, round(self.chance.gauss(78, 9))), hours)
            if level > 0 and kind in ("episode", "ck-after-restraint", "serotonin"):
                top = {"episode": 9000, "ck-after-restraint": 2600, "serotonin": 500}[kind]
                value = round(120 + top * level * self.chance.uniform(0.6, 1.2))
                yield self.own(s.ck(0, value), hours)


def patient(
    seed: int, number: int, start: datetime, kind: str | None = None, most_hours: float = 960
) -> Patient:
    """The patient of this number; the same seed and number give the same stay."""
    chance = random.Random(f"ward-{seed}-{number}")  # noqa: S311
    chosen = kind or chance.choices([k for k, _ in KINDS], [w for _, w in KINDS])[0]
    hours = 24.0 * max(2.0, min(40.0, chance.lognormvariate(2.0, 0.6)))
    if chosen == "episode":
        hours = max(hours, 24.0 * 9)
    hours = min(hours, most_hours)
    return Patient(
        f"w{number:06d}", chance, start, round(hours, 2), _planted(chosen, chance, hours)
    )


def _planted(kind: str, chance: random.Random, hours: float) -> Planted:
    onset = None
    if not kind.startswith("well"):
        onset = round(chance.uniform(30, max(31, min(hours - 30, 96))), 1)
    if kind == "episode":
        return Planted(
            kind, True, onset, (onset or 0) + 60,
            {"peak_tier": {"at_least": "PROBABLE"}, "channel": {"at_least": "urgent_task"}},
            "Rigidity, fever, reduced consciousness, raised CK on an antipsychotic.",
        )  # fmt: skip
    most: Json = {"channel": {"at_most": "urgent_task"}}
    if kind.startswith("well"):
        most = {"never_above": "WATCH"}
    return Planted(kind, False, onset, None, most, "Nothing of the syndrome was planted.")
