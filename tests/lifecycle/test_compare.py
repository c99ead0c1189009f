"""What changed between two assessments, and why."""

from dataclasses import replace

from alerts.assessment import as_dict
from alerts.compare import Because, Change, Part, compare, differences, direction
from alerts.statements import Assessment
from tests.lifecycle.patients import HOUR, T0, assessed, interaction

BEFORE = assessed(T0, "POSSIBLE", ("RIG", "TEMP"), evidence=("Observation/1",))


def named(changes: tuple[Change, ...]) -> dict[str, tuple[str, str, str]]:
    return {f"{c.part}:{c.what}": (c.before, c.after, c.because.value) for c in changes}


def test_an_assessment_does_not_differ_from_itself_nor_by_its_clock() -> None:
    assert compare(BEFORE, BEFORE) == ()
    assert compare(BEFORE, replace(BEFORE, as_of=T0 + HOUR)) == ()


def test_a_rise_names_the_new_evidence() -> None:
    after = assessed(
        T0 + HOUR,
        "PROBABLE",
        ("RIG", "TEMP", "MENT"),
        evidence=("Observation/1", "Observation/2"),
        interactions=[interaction()],
    )
    changes = compare(BEFORE, after)
    told = named(changes)
    assert told["tier:tier"] == ("POSSIBLE", "PROBABLE", "new-evidence")
    assert told["channel:channel"] == ("task", "urgent_task", "new-evidence")
    assert told["finding:MS"] == ("", "true", "new-evidence")
    assert told["interaction:INT-DAN-VER:dantrolene+verapamil"][1] == "contraindicated"
    assert changes[0].sources == ("Observation/1", "Observation/2")
    assert direction(changes) == "worse"


def test_what_left_its_window_or_was_taken_back_eases_and_is_named() -> None:
    after = assessed(T0 + HOUR, "WATCH", ("RIG",), evidence=("Observation/1",))
    changes = compare(BEFORE, after)
    assert named(changes)["finding:HYP"] == ("true", "", "evidence-gone")
    assert direction(changes) == "eased"


def test_another_rule_version_is_the_reason_only_when_the_facts_are_the_same() -> None:
    judged = assessed(T0, "PROBABLE", ("RIG", "TEMP"), evidence=("Observation/1",))
    (tier, *_) = compare(BEFORE, replace(judged, rules="B"))
    assert (tier.part, tier.because) == (Part.TIER, Because.RULES)


def test_a_corrected_value_is_told_from_a_new_one() -> None:
    def with_value(value: str, state: str) -> dict[str, object]:
        said = as_dict(BEFORE)
        rigid = said["findings"]["RIG"]
        said["findings"]["RIG"] = {
            **rigid,
            "state": state,
            "evidence": [{**rigid["evidence"][0], "value": value}],
        }
        return said

    (change,) = differences(with_value("1", "true"), with_value("0", "false"))
    assert (change.what, change.because) == ("RIG", Because.OTHER_VALUE)


def test_exposure_counts_by_its_strongest_reading() -> None:
    def exposed(*readings: str) -> dict[str, object]:
        held: Assessment = BEFORE
        return as_dict(held) | {
            "exposures": [{"drug": "haloperidol", "reading": reading} for reading in readings]
        }

    (change,) = differences(exposed("full", "ended"), exposed("extended", "ended"))
    assert (change.before, change.after) == ("full", "extended")
    assert differences(exposed("ended", "full"), exposed("full")) == ()
