"""A survey with the screen and without it is the same; growing charts are those laid out anew."""

import importlib
import shutil
import sys
from dataclasses import replace
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path

import orjson
import pytest

from alerts.chart import DAWN, Chart, Fact, chart_of
from alerts.knowledge import load, with_overlay
from alerts.lifecycle.circumstances import references
from alerts.statements import Assessment
from service.replay.bodies import arrival, known_from, read
from service.replay.chronicle import by_effective_time, facts_by_patient
from service.replay.course import assessed, called, spoken
from service.replay.formats import FORMATS, render
from service.replay.growing import Growing, as_told
from service.replay.play import Manner
from service.replay.report import replays
from service.replay.survey import Record, survey

ROOT = Path(__file__).resolve().parents[2]
NOW = datetime(2026, 1, 1, tzinfo=UTC)
RULES = load()
BODIES = sorted([
    *ROOT.glob("fixtures/cases/*/*.json"), *ROOT.glob("fixtures/journeys/*/*.json"),
    *ROOT.glob("fixtures/thresholds/*/*.json"), *ROOT.glob("fixtures/synonyms/*/*.json"),
    *ROOT.glob("fixtures/statuses/*/*.json"),
])  # fmt: skip


def records(path: Path) -> list[Record]:
    body = path.read_bytes()
    at = arrival(body, NOW)
    found = facts_by_patient(read(body, NOW).resources)
    return [Record(patient, facts, at, None) for patient, facts in sorted(found.items())]


def the_same_surveys(paths: list[Path]) -> int:
    """How many assessments the screen spared."""
    spared = 0
    for path in paths:
        for record in records(path):
            swift = survey(record, RULES)
            whole = survey(record, RULES, screened=False)
            assert (swift is None) == (whole is None)
            if swift is None or whole is None:
                continue
            spared += whole.assessed - swift.assessed
            assert swift.steps == whole.steps, path
            assert swift.course == whole.course, path
            assert swift.called == whole.called, path
    return spared


def test_the_screen_changes_nothing_of_the_fixtures() -> None:
    assert the_same_surveys(BODIES[::40]) > 5


@pytest.mark.heavy
@pytest.mark.timeout(3000)
def test_the_screen_changes_nothing_of_any_fixture() -> None:
    assert the_same_surveys(BODIES) > 500


def told(said: Assessment) -> tuple[object, ...]:
    """What a survey keeps of an assessment."""
    return (
        said.as_of, said.tier, said.iec, said.gate, said.findings, said.severity,
        said.interactions, said.exposures, said.withdrawals,
    )  # fmt: skip


def test_a_survey_says_what_the_course_said() -> None:
    """Held against the way that assesses every moment and draws its own conclusions."""
    for path in BODIES[::23]:
        for record in records(path):
            moments = list(by_effective_time(record.patient, record.facts, record.told_until, None))
            found = survey(record, RULES)
            if found is None:
                assert moments == []
                continue
            course = assessed(moments, RULES)
            assert list(map(told, found.course)) == [told(a) for a in course if spoken(a)], path
            assert found.called == called(moments, course, RULES), path


@pytest.fixture(scope="module")
def ward(tmp_path_factory: pytest.TempPathFactory) -> Path:
    sys.path.insert(0, str(ROOT / "scripts"))
    simulate = importlib.import_module("simulate_ward")
    sys.path.pop(0)
    out: Path = tmp_path_factory.mktemp("ward") / "ward"
    simulate.write(out, seed=3, admissions=5, days=30)
    return out


def test_an_export_gives_the_same_bytes_with_the_screen_and_without(ward: Path) -> None:
    other = with_overlay(RULES, {"version": "x", "parameters": {"hyp.threshold_c": {"value": 37}}})
    for versions, draw in (((RULES,), True), ((RULES, other), False)):
        said = []
        for screened in (True, False):
            manner = Manner(versions, False, None, NOW, draw=draw, screened=screened)
            reports = replays([ward], manner)
            said.append([render(report, form) for report in reports for form in FORMATS])
        assert said[0] == said[1]


def test_a_step_by_step_replay_of_an_export_assesses_every_moment(ward: Path) -> None:
    (report,) = replays([ward], Manner((RULES,), True, None, NOW, draw=False))
    scores = [step.lower for case in report.cases for step in case.timeline]
    assert None not in scores
    (short,) = replays([ward], Manner((RULES,), False, None, NOW, draw=False))
    told = orjson.loads(render(short, "json"))
    steps = [step for case in told["cases"] for step in case["timeline"]]
    assert {step["tier"] for step in steps if step["iec"] is None} == {"NONE"}
    assert [c.verdict for c in report.cases] == [c.verdict for c in short.cases]


def laid_out_anew(patient: str, facts: list[Fact], at: datetime) -> Chart:
    known = [as_told(fact, at) for fact in facts if (known_from(fact) or DAWN) <= at]
    return chart_of(patient, known)


def test_a_growing_chart_is_the_one_laid_out_anew() -> None:
    """Its indexes too, which `==` does not look at. Duplicates and days come in any order."""
    for path in BODIES[::11]:
        for record in records(path):
            twice = [*record.facts, *record.facts[::3]]
            for moment in by_effective_time(record.patient, twice, record.told_until, None):
                wanted, found = laid_out_anew(record.patient, twice, moment.at), moment.chart
                assert found == wanted, path
                for index in ("by_kind", "by_sign", "doses", "orders"):
                    assert getattr(found, index) == getattr(wanted, index), (path, index)
                ahead = [at for at in wanted.changes if at > moment.at]
                assert [at for at in found.changes if at > moment.at] == ahead


def test_a_growing_chart_knows_its_references() -> None:
    """Of two records of one reading one is dropped, and its reference with it."""
    for path in BODIES[::31]:
        for record in records(path):
            growing = Growing(record.patient)
            told = [(known_from(f) or DAWN, f) for f in record.facts]
            told += [(at, renamed(f)) for at, f in told[::3]]
            for at, fact in sorted(told, key=lambda one: one[0]):
                growing.add(fact)
                chart = growing.chart(at)
                assert growing.references() == frozenset(references(chart)), path


def renamed(fact: Fact) -> Fact:
    return replace(fact, source=replace(fact.source, resource_id=f"0-{fact.source.resource_id}"))


def test_what_only_explains_changes_no_verdict() -> None:
    """A replay that is not drawn leaves explanations out; one that is drawn has them all."""
    cases = [path.parent for path in BODIES[::25]]
    brief, whole = (
        replays(cases, Manner((RULES,), False, None, NOW, draw=draw))[0] for draw in (False, True)
    )
    assert len(brief.cases) > 8
    for one, other in zip(brief.cases, whole.cases, strict=True):
        assert one == replace(other, said=one.said, peak=None, contrast=None, drawing=None)


def test_a_page_and_a_list_of_an_export_name_no_patient(ward: Path, tmp_path: Path) -> None:
    """Without a truth file the patients are real for all we know."""
    shutil.copytree(ward, tmp_path / "export", ignore=shutil.ignore_patterns("truth.json"))
    (report,) = replays([tmp_path / "export"], Manner((RULES,), False, None, NOW, draw=True))
    assert len(report.cases) == 5
    for form in ("html", "text"):
        said = render(report, form)
        assert "export / 5" in said
        for case in report.cases:
            assert case.patient not in said
            assert sha256(case.patient.encode()).hexdigest()[:8] not in said
