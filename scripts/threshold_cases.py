"""Courses that hold the numbers of the rules to account: sweeps and decays.

A sweep lets one reading rise or fall through its whole range in small steps, so that whatever
threshold is moved, some step falls on the other side. A decay sets one scene and then only lets
time pass, with ticks (a weight) that change nothing, so that every window is seen to end. No
patient is like this; what is expected of each is written where the criteria say it plainly, the
rest is held by the recorded verdict.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import synthetic as s

Json = dict[str, Any]
# hours after the scene: finer than a tenth of the window that may end there
EACH_COUNTS = "Alerts that open together count one each."
TICKS = (
    *(0.2 * n for n in range(1, 8)), *(1.5 + 0.4 * n for n in range(16)), *range(8, 15),
    *range(16, 31, 2), *range(33, 90, 5), *range(96, 220, 12), *range(240, 400, 24),
    *range(420, 800, 48), *range(850, 1500, 96),
)  # fmt: skip
ORAL, CORE = ("8331-1", "Oral temperature"), ("60834-9", "Core temperature")


@dataclass(frozen=True)
class Course:
    name: str
    facts: list[Json]
    expect: Json
    why: str
    person: Json = field(default_factory=s.person)


def temperature(hours: float, value: float, site: tuple[str, str] = ORAL) -> Json:
    return s.measured("temperature", hours, value, code=s.concept(s.LOINC, *site))


def exposed(drug: Json = s.HALOPERIDOL, *, until: float = 0, every: float = 12) -> Iterator[Json]:
    yield s.stay()
    yield from s.well(-66, -60, -54, -48)
    at = -36.0
    while at <= until:
        yield s.dose(at, drug)
        at += every


def picture(at: float = 0) -> Iterator[Json]:
    """Rigid, rousable by voice, 38.6 and 39.0 °C, pulse and breathing up, CK 5200."""
    yield s.tone(at, "lead-pipe rigidity")
    yield s.alertness(at, "V")
    yield temperature(at - 1, 38.6)
    yield temperature(at, 39.0)
    for hours in (at - 1, at):
        yield s.measured("pulse", hours, 122)
        yield s.measured("breaths", hours, 30)
    yield s.ck(at, 5200)


def sweeps() -> Iterator[Course]:
    def run(key: str, values: Iterable[float], make: Callable[[float, float], Json] | None = None,
            *, scene: Iterable[Json] = (), expect: Json | None = None, gap: float = 0.5) -> Course:  # fmt: skip  # noqa: E501
        facts = [*exposed(until=60), *scene]
        for number, value in enumerate(values):
            at = 1 + gap * number
            facts.append(
                make(at, value) if make else s.measured(key.split("-", maxsplit=1)[0], at, value)
            )
        why = f"{key.replace('-', ' ')} step by step through its range. {EACH_COUNTS}"
        if key == "etco2":
            why += " It is read: each value is a moment at which the patient is looked at."
        return Course(f"sweep-{key}", facts, expect or {"gate": "open"}, why)

    def steps(low: float, high: float, step: float, digits: int = 1) -> list[float]:
        count = round(abs(high - low) / step)
        sign = 1 if high > low else -1
        return [round(low + sign * step * n, digits) for n in range(count + 1)]

    stiff = [s.tone(0, "lead-pipe rigidity"), s.alertness(0, "C")]
    # oral 36.0 at 1 h, + 0.2 each half hour: 38.0 at 6 h, 38.2 at 6.5 h, 38.4 at 7 h
    hot = {"gate": "open", "first_true": {
        "TEMP1": {"by": s.stamp(6.5), "not_before": s.stamp(6.5)},
        "HYP": {"by": s.stamp(7), "not_before": s.stamp(7)},
        "TEMP40": {"by": s.stamp(11), "not_before": s.stamp(11)},
    }}  # fmt: skip
    yield run("temperature-oral", steps(36, 41.8, 0.2), temperature, scene=stiff, expect=hot)
    yield run("temperature-core", steps(36, 42, 0.2), lambda at, v: temperature(at, v, CORE),
              scene=stiff)  # fmt: skip
    yield run("temperature-alone", steps(37, 40, 0.2), temperature)
    yield run("pulse", steps(60, 150, 3, 0), scene=picture(), gap=0.4)
    yield run("pulse-well", steps(60, 150, 3, 0), gap=0.4)
    yield run("breaths", steps(10, 40, 1, 0), scene=[*picture()], gap=0.4)
    yield run("breaths-well", steps(10, 40, 1, 0), gap=0.4)
    yield run("both-rates", steps(1, 1.9, 0.05, 2),
              lambda at, v: s.measured("pulse", at, round(78 * v)))  # fmt: skip
    for name, pair in (
        ("pressure-rising", [(90 + 4 * n, 60 + 2 * n) for n in range(30)]),
        ("pressure-falling", [(150 - 4 * n, 90 - 2 * n) for n in range(20)]),
        ("pressure-lability", [(120 + (n % 2) * n * 2, 75 + (n % 2) * n) for n in range(24)]),
        ("pressure-narrow", [(100, 100 - n) for n in range(1, 16)]),
    ):
        facts = [*exposed(until=24), *stiff]
        facts += [s.pressure(1 + 0.5 * n, *one) for n, one in enumerate(pair)]
        yield Course(f"sweep-{name}", facts, {"gate": "open"}, "Blood pressure step by step.")
    # limit 200: above 4 times is 800; 10 % steps from 100 at 1 h: 814 at step 22 = 12 h
    values = [round(100 * 1.1**n) for n in range(60)]
    yield run("ck", values, s.ck, scene=stiff, expect={
        "first_true": {"CK": {"by": s.stamp(12), "not_before": s.stamp(11.5)}}})  # fmt: skip
    yield run("ck-no-range", values, lambda at, v: s.ck(at, v, None), scene=stiff)
    for key, low, high, step, digits in (
        ("wbc", 5, 18, 0.4, 1), ("neutrophils", 4, 0.6, 0.1, 1), ("gcs", 15, 3, 1, 0),
        ("rass", 4, -5, 1, 0), ("potassium", 4, 7.5, 0.1, 1), ("ph", 7.5, 7.1, 0.01, 2),
        ("pco2", 35, 65, 1, 0), ("spo2", 99, 82, 1, 0), ("creatinine", 60, 260, 6, 0),
        ("iron", 16, 3, 0.5, 1), ("etco2", 35, 75, 2, 0), ("bicarbonate", 26, 10, 0.5, 1),
        ("red_cells", 0, 12, 1, 0),
    ):  # fmt: skip
        scene = [*picture(), s.measured("creatinine", -60, 80)]
        yield run(key, steps(low, high, step, digits), scene=scene, gap=0.3)
    yield run("gcs-alone", steps(15, 3, 1, 0), lambda at, v: s.measured("gcs", at, v))
    # 4 at 1.5 h (5 is no value of the scale), -2 at 4.5 h
    yield run("rass-alone", steps(5, -5, 1, 0), lambda at, v: s.measured("rass", at, v),
              expect={"gate": "open", "first_true": {
                  "MSB": {"by": s.stamp(1.5), "not_before": s.stamp(1.5)},
                  "MS": {"by": s.stamp(4.5), "not_before": s.stamp(4.5)}}})  # fmt: skip


def decays() -> Iterator[Course]:
    """One scene, then nothing but time."""
    scenes: dict[str, list[Json]] = {
        "picture": [*exposed(), *picture()],
        "picture-then-well": [*exposed(), *picture(-80), *absence(0)],
        "absence": [*exposed(), *absence(0)],
        "absence-early": [*exposed(until=-30), *absence(0)],
        "one-fever": [*exposed(), temperature(0, 38.6)],
        "sweating": [*exposed(), s.tone(0, "cogwheel rigidity"),
                     s.sign(0, "52613005", "Excessive sweating"),
                     s.sign(0, "165232002", "Urinary incontinence")],
        "no-sweating": [*exposed(), s.tone(0, "lead-pipe rigidity"),
                        s.sign(0, "52613005", "Excessive sweating", present=False),
                        s.sign(0, "165232002", "Urinary incontinence", present=False)],
        "confusion-coded": [*exposed(), s.sign(0, "130987000", "Acute confusion")],
        "sedated": [*exposed(), s.dose(-0.5, s.drug("6470", "lorazepam"), 2, "iv"),
                    s.alertness(0, "V"), s.tone(0, "lead-pipe rigidity")],
        "after-a-seizure": [*exposed(), s.sign(-0.5, "91175000", "Seizure"), s.alertness(0, "V"),
                            s.tone(0, "lead-pipe rigidity")],
        "antipyretic": [*exposed(), s.dose(-0.5, s.drug("161", "acetaminophen"), 1000, "oral"),
                        *absence(0)],
        "ck-after-injection": [*exposed(), s.ck(0, 1500), s.tone(0, "lead-pipe rigidity")],
        "agitated": [*exposed(), s.sign(0, "24199005", "Feeling agitated"), *picture()],
        "clozapine": [*exposed(s.drug("2626", "clozapine")), *picture(),
                      s.measured("neutrophils", 0, 1.1)],
        "lithium": [*exposed(), s.dose(-2, s.drug("6448", "lithium"), 300, "oral"), *picture()],
        "serotonergic": [*exposed(), s.dose(-2, s.drug("10689", "tramadol"), 100, "oral"),
                         s.dose(-2, s.drug("4493", "fluoxetine"), 20, "oral"), *picture(),
                         s.sign(0, "86854008", "Hyperreflexia")],
        "anticholinergic": [*exposed(), s.dose(-1, s.drug("1424", "benztropine"), 2, "im"),
                            *picture(), s.sign(0, "267064002", "Retention of urine")],
        "volatile": [*exposed(), s.dose(-1, s.drug("36453", "sevoflurane"), 2, "iv"),
                     s.dose(-1, s.drug("10154", "succinylcholine"), 100, "iv"), *picture(),
                     s.measured("etco2", 0, 70)],
        "stimulant": [*exposed(), s.dose(-1, s.drug("6901", "methylphenidate"), 10, "oral"),
                      *picture()],
        "baclofen-stopped": [*exposed(), *(s.dose(-40 + 8 * n, s.drug("1292", "baclofen"), 10, "oral")  # noqa: E501
                                           for n in range(5)), *picture()],
        "benzodiazepine-stopped": [*exposed(), *(s.dose(-60 + 12 * n, s.drug("596", "alprazolam"), 1,  # noqa: E501
                                                 "oral") for n in range(6)), *picture()],
        "levodopa-missed": [s.stay(), *s.well(-66, -60, -54, -48), *levodopa(), *picture(6)],
        "levodopa-missed-well": [s.stay(), *s.well(-66, -60, -54, -48), *levodopa()],
        "amantadine-replaced": [s.stay(), *s.well(-66, -60, -54, -48),
                                *(s.dose(-72 + 12 * n, s.drug("620", "amantadine"), 100, "oral")
                                  for n in range(6)), *picture(4)],
        "dose-raised": [*exposed(), s.dose(-1, milligrams=20), s.tone(0, "lead-pipe rigidity")],
        "weight": [*exposed(), *picture(), s.measured("weight", 0, 80),
                   s.dose(0.5, s.drug("3105", "dantrolene"), 80, "iv")],
        "unrecognised": [s.stay(), s.dose(-1, {"text": "study drug XZ-17"}), *picture()],
    }  # fmt: skip
    for name, facts in scenes.items():
        ticks = [s.measured("spo2" if name == "weight" else "weight", at, 98 if name == "weight"
                            else 80) for at in TICKS]  # fmt: skip
        yield Course(f"decay-{name}", [*facts, *ticks], {"never_true": ["NEG"]},
                     f"{name.replace('-', ' ')}, and then nothing but time: windows end. {EACH_COUNTS}")  # fmt: skip  # noqa: E501


def absence(at: float) -> Iterator[Json]:
    """Examined and well: what makes findings false."""
    yield temperature(at - 5, 36.8)
    yield temperature(at, 36.9)
    yield s.tone(at, "normal tone")
    yield s.alertness(at, "A")
    yield s.ck(at, 120)
    for hours in (at - 4, at - 2, at):
        yield s.measured("pulse", hours, 80)
        yield s.measured("breaths", hours, 15)
        yield s.pressure(hours, 124, 78)


def levodopa() -> Iterator[Json]:
    drug = s.drug("103990", "levodopa / carbidopa")
    yield s.order(-80, drug)
    for number in range(18):
        yield s.dose(-72 + 4 * number, drug, 100, "oral")


def write(folder: Path) -> None:
    for course in (*sweeps(), *decays()):
        named = {"patient": course.person}
        named |= {f"r{n:03d}": one for n, one in enumerate(course.facts)}
        expected = {
            "case": course.name,
            "kind": "synthetic",
            "group": course.name.split("-")[0],
            "label": "holds the numbers of the rules to account; no patient",
            "expect": course.expect,
            "why": course.why,
        }
        s.write(folder / course.name, {"bundle.json": s.bundle(s.with_ids(named).values(), at=1600)},  # noqa: E501
                expected)  # fmt: skip
