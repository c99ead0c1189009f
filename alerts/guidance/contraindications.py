"""Contraindications and cautions, read from the chart three-valued, before any dose (SAF-05).

Recorded, to check (a reading that decides, or that nobody took), not on the chart: silence of
the record is never a clearance (LOG-01).
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from alerts.chart import Evidence, MedicationUse, SignKind, goes_on
from alerts.guidance.patient import Bedside
from alerts.record import record
from alerts.wording import Raw, citations, day, kind_name, line, measured, stamp


@record
class Checks:
    """`recorded`, `check` and `ask` are sentences, in the order in which they are shown.

    `absolute` names what forbids the drug outright, `against` what a contraindication on the
    chart rests on; `brief` is the rest in a few words.
    """

    recorded: tuple[str, ...]
    check: tuple[str, ...]
    ask: tuple[str, ...]
    absolute: tuple[str, ...]
    brief: str
    against: tuple[str, ...] = ()

    @property
    def warnings(self) -> tuple[str, ...]:
        return (*self.recorded, *self.check, *self.ask)


@record
class _Against:
    """One contraindication or caution as the data have it, its drugs spelt out."""

    word: str
    raw: Raw
    said: str
    members: frozenset[str]
    conditions: tuple[str, ...]
    signs: tuple[SignKind, ...]
    # says nothing of a patient whose medication was reconciled: it names drugs alone (LOG-02)
    drugs_only: bool


def _rows(bedside: Bedside, entry: Mapping[str, Any]) -> tuple[_Against, ...]:
    """The contraindications of an entry of the knowledge, then its cautions; made once."""
    memo = bedside.now.knowledge.memo
    known: tuple[_Against, ...] | None = memo.get(("against", id(entry)))
    if known is None:
        rows = [("Contraindication", r) for r in entry.get("contraindications", ())]
        rows += [("Caution", r) for r in entry.get("cautions", ())]
        known = memo["against", id(entry)] = tuple(
            _against(bedside, word, raw) for word, raw in rows
        )
    return known


def _against(bedside: Bedside, word: str, raw: Raw) -> _Against:
    conditions, signs = raw.get("conditions", ()), raw.get("signs", ())
    return _Against(
        word,
        raw,
        line(raw, bedside.labels),
        _members(bedside, raw),
        tuple(conditions),
        tuple(SignKind(kind) for kind in signs),
        bool(raw.get("drugs")) and not conditions and not signs,
    )


def _together(bedside: Bedside, entry: Mapping[str, Any]) -> _Against:
    """All that the rows of an entry name, as one row; made once."""
    memo = bedside.now.knowledge.memo
    known: _Against | None = memo.get(("against, together", id(entry)))
    if known is None:
        rows = _rows(bedside, entry)
        known = memo["against, together", id(entry)] = _Against(
            "",
            {},
            "",
            frozenset().union(*[row.members for row in rows]),
            tuple([kind for row in rows for kind in row.conditions]),
            tuple([kind for row in rows for kind in row.signs]),
            drugs_only=False,
        )
    return known


def checks(bedside: Bedside, entry: Mapping[str, Any]) -> Checks:
    """Every contraindication of a drug or action of the knowledge, then its cautions."""
    # of most drugs the chart names nothing: asked for all rows together first
    if not _touched(bedside, _together(bedside, entry)):
        return _unnamed(bedside, entry)
    drug = entry.get("drug", "")
    recorded: list[str] = []
    to_check: list[str] = []
    absolute: list[str] = []
    brief: list[str] = []
    against: list[str] = []
    unread: list[str] = []
    listed: list[int] = []
    for i, row in enumerate(_rows(bedside, entry)):
        word, raw, text = row.word, row.raw, row.said
        found = dict(_recorded(bedside, row, drug)) if _touched(bedside, row) else {}
        doubtful = dict(_doubtful(bedside, row, drug)) if row.members else {}
        to_check += [f"Check: {said}: is it still taken? {text}" for said in doubtful.values()]
        unread += [f"whether {name} is still taken" for name in doubtful]
        if found:
            recorded.append(f"{word} recorded: {'; '.join(found.values())}. {text}")
            (against if word == "Contraindication" else brief).extend(found)
            absolute += found if raw.get("absolute") else ()
        if raw.get("readings"):
            said, missing = _readings(bedside, raw, drug)
            to_check.append(f"Check: {said}. {text}")
            unread += missing
        elif word == "Contraindication" and not (found or doubtful or _cleared(bedside, row)):
            listed.append(i)
    short = [f"{', '.join(dict.fromkeys(brief))} on the chart"] if brief else []
    return Checks(
        tuple(recorded),
        tuple(to_check),
        _ask(bedside, entry, tuple(listed)),
        tuple(absolute),
        "; ".join([*short, *dict.fromkeys(unread)]),
        tuple(dict.fromkeys(against)),
    )


@record
class _Unnamed:
    """What an entry says where the chart names nothing of it: readings to check, what to ask."""

    readings: tuple[_Against, ...]
    checks: Checks


def _unnamed(bedside: Bedside, entry: Mapping[str, Any]) -> Checks:
    """The checks of an entry that the chart names nothing of: only readings are the patient's."""
    memo, mark = bedside.now.knowledge.memo, ("unnamed", id(entry), bedside.reconciled)
    known: _Unnamed | None = memo.get(mark)
    if known is None:
        rows = _rows(bedside, entry)
        readings = tuple([row for row in rows if row.raw.get("readings")])
        listed = [
            i
            for i, row in enumerate(rows)
            if row.word == "Contraindication"
            and not row.raw.get("readings")
            and not _cleared(bedside, row)
        ]
        said = Checks((), (), _ask(bedside, entry, tuple(listed)), (), "")
        known = memo[mark] = _Unnamed(readings, said)
    if not known.readings:
        return known.checks
    to_check: list[str] = []
    unread: list[str] = []
    for row in known.readings:
        told, missing = _readings(bedside, row.raw, entry.get("drug", ""))
        to_check.append(f"Check: {told}. {row.said}")
        unread += missing
    return Checks((), tuple(to_check), known.checks.ask, (), "; ".join(dict.fromkeys(unread)))


def _touched(bedside: Bedside, row: _Against) -> bool:
    """Does the chart name anything that the row names?"""
    return not (
        row.members.isdisjoint(bedside.recent_drugs)
        and row.members.isdisjoint(bedside.perhaps_drugs)
        and (not bedside.conditions or bedside.conditions.keys().isdisjoint(row.conditions))
        and bedside.now.chart.by_sign.keys().isdisjoint(row.signs)
    )


def _recorded(bedside: Bedside, row: _Against, itself: str) -> Iterator[tuple[str, str]]:
    """Facts of the chart that make it hold: the name, and the whole fact."""
    raw = row.raw
    for kind in row.conditions:
        known = bedside.conditions.get(kind)
        if known is not None:
            name, since = kind.replace("_", " "), known.onset or known.recorded
            yield name, f"{name} since {day(since, bedside.now)}" if since else name
    for kind in row.signs:
        signs = bedside.now.present(bedside.now.hours("interaction.recent_h"), kind)
        if signs:
            name = kind.value.replace("_", " ")
            yield name, f"{name}, {stamp(signs[-1].at, bedside.now)}"
    for drug in sorted(row.members & bedside.recent_drugs.keys()) if row.members else ():
        use, routes = bedside.recent_drugs[drug], raw.get("routes")
        if drug != itself and (not routes or use.route in routes):
            yield drug, use_words(bedside, drug, use)


def _doubtful(bedside: Bedside, row: _Against, itself: str) -> Iterator[tuple[str, str]]:
    """Drugs of the row that may still be taken, which the chart cannot tell: to be asked, never
    taken as absent, also once somebody reconciled the medication."""
    routes = row.raw.get("routes")
    for drug in sorted(row.members & bedside.perhaps_drugs.keys() - {itself}):
        use = bedside.perhaps_drugs[drug]
        if not routes or use.route in routes:
            yield drug, use_words(bedside, drug, use)


def _members(bedside: Bedside, raw: Raw) -> frozenset[str]:
    """Drugs that the row names, alone or by class."""
    members: set[str] = set()
    for name in raw.get("drugs", ()):
        known = bedside.now.knowledge.classes.get(name.removeprefix("class:"), frozenset())
        members |= known if name.startswith("class:") else {name}
    return frozenset(members)


def use_words(bedside: Bedside, drug: str, use: MedicationUse) -> str:
    """'verapamil 80 mg, last dose 25 Nov 08:10 UTC'."""
    last = use.start if use.evidence is Evidence.ADMINISTRATION else None
    amount = f" {use.dose:g} {use.dose_unit}" if use.dose and use.dose_unit else ""
    when = f"last dose {stamp(last, bedside.now)}" if last else f"{use.evidence} {use.status}"
    if last and goes_on(use):
        when = f"being given since {stamp(last, bedside.now)}"
    elif use.evidence is Evidence.DISPENSE and use.start and use.end is None:
        when = f"dispensed {day(use.start, bedside.now)}"
    return f"{drug}{amount}, {when}"


def _cleared(bedside: Bedside, row: _Against) -> bool:
    """A drug is known not to be there only once somebody reconciled the medication (LOG-02)."""
    return row.drugs_only and bedside.reconciled


def _readings(bedside: Bedside, raw: Raw, drug: str) -> tuple[str, list[str]]:
    """The readings that decide, in words, and those that nobody took in a day."""
    told = [_reading(bedside, kind) for kind in raw["readings"]]
    missing = [f"{said}: check before {drug}" for said, there in told if not there]
    return "; ".join([*(said for said, there in told if there), *missing]), missing


def _reading(bedside: Bedside, kind: str) -> tuple[str, bool]:
    """The newest value of a day in words, and whether there is one."""
    told = bedside.told.get(kind)
    if told is None:
        told = bedside.told[kind] = _worded(bedside, kind)
    return told


def _worded(bedside: Bedside, kind: str) -> tuple[str, bool]:
    parameter = "dose.laboratory_age_h"
    if kind == "blood_pressure":
        upper = bedside.newest("systolic_bp", parameter)
        lower = bedside.newest("diastolic_bp", parameter)
        if upper is None:
            return bedside.says("blood pressure not recorded in {dose.laboratory_age_h} h"), False
        below = f"/{lower.value:g}" if lower is not None else ""
        when = stamp(upper.at, bedside.now)
        return f"blood pressure {upper.value:g}{below} mmHg, {when}", True
    reading = bedside.newest(kind, parameter)
    if reading is None:
        missing = bedside.says("not recorded in {dose.laboratory_age_h} h")
        return f"{kind_name(kind)} {missing}", False
    return measured(reading, bedside.now), True


def _ask(bedside: Bedside, entry: Mapping[str, Any], listed: tuple[int, ...]) -> tuple[str, ...]:
    """What the chart is silent about: listed, to be asked, not taken as absent."""
    memo = bedside.now.knowledge.memo
    known: tuple[str, ...] | None = memo.get(("ask", id(entry), listed))
    if known is None:
        rows = _rows(bedside, entry)
        known = memo["ask", id(entry), listed] = tuple(_asked([rows[i].raw for i in listed]))
    return known


def _asked(listed: Sequence[Raw]) -> Iterator[str]:
    names = [raw.get("asked") or raw["text"] for raw in listed]
    cite = dict.fromkeys(key for raw in listed for key in raw["cite"])
    if names:
        yield f"Not on this chart, ask: {'; '.join(names)}{citations(list(cite))}"
