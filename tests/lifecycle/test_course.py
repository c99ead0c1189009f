"""The machine's side: opening, rising, easing, ends, suppression, escalation, correction."""

from datetime import datetime
from typing import Any

import pytest

from alerts.chart import Measurement, Source, chart_of
from alerts.lifecycle import (
    Attention,
    Circumstances,
    Prints,
    Suppression,
    attention,
    claim,
    is_open,
    next_due,
    release,
    resolve,
)
from alerts.statements import Channel
from tests.lifecycle.patients import HOUR, MINUTE, T0, Ward, assessed, interaction


def test_a_tier_opens_one_alert_and_the_same_facts_open_no_second() -> None:
    ward = Ward()
    ward.see(assessed(T0))
    assert ward.told() == [
        "worklist passive tier-reached",
        "nurse task tier-reached",
        "pharmacist task tier-reached",
    ]
    assert ward.see(assessed(T0)) == []
    ward.see(assessed(T0 + HOUR))
    assert (ward.only.subject, ward.said()) == ("episode-1", ["opened tier-reached"])


@pytest.mark.rules("ALR-01", "ALR-02", "ALR-03")
@pytest.mark.parametrize(
    ("tier", "audiences"),
    [
        ("WATCH", ["worklist passive"]),
        ("POSSIBLE", ["worklist passive", "nurse task", "pharmacist task"]),
        (
            "PROBABLE_ATYPICAL",
            ["worklist passive", "nurse urgent_task", "pharmacist urgent_task"],
        ),
        (
            "HIGHLY_PROBABLE",
            [
                "worklist passive",
                "prescriber interruptive",
                "nurse urgent_task",
                "pharmacist urgent_task",
            ],
        ),
    ],
)
def test_who_is_told(tier: Any, audiences: Any) -> None:
    ward = Ward()
    ward.see(assessed(T0, tier))
    assert [line.rsplit(" ", 1)[0] for line in ward.told()] == audiences


def test_no_tier_opens_nothing() -> None:
    ward = Ward()
    assert ward.see(assessed(T0, "NONE")) == []


@pytest.mark.rules("ALR-04")
def test_a_core_temperature_above_41_1_pages_without_any_tier() -> None:
    ward = Ward()
    ward.see(assessed(T0, "NONE", critical=True))
    assert ward.only.machine.channel is Channel.INTERRUPTIVE
    assert ward.said() == ["opened critical-temperature"]


def test_it_rises_at_once_and_never_silently_lowers() -> None:
    ward = Ward()
    ward.see(assessed(T0, "WATCH", ("RIG",)))
    ward.see(assessed(T0 + HOUR, "PROBABLE", ("RIG", "TEMP")))
    ward.see(assessed(T0 + 2 * HOUR, "POSSIBLE", ("RIG", "TEMP")))
    assert ward.said() == ["opened tier-reached", "rose tier-rose", "eased facts-eased"]
    assert (ward.only.level, ward.only.machine.stated) == ("PROBABLE", "POSSIBLE")


def test_a_louder_channel_within_the_tier_calls_again() -> None:
    ward = Ward()
    ward.see(assessed(T0, "PROBABLE"))
    ward.see(assessed(T0 + HOUR, "PROBABLE", channel=Channel.INTERRUPTIVE))
    assert ward.said()[-1] == "worsened louder"
    assert "prescriber interruptive louder" in ward.told()


def test_an_older_assessment_that_comes_late_overrides_nothing() -> None:
    ward = Ward()
    ward.see(assessed(T0 + HOUR, "POSSIBLE"))
    ward.see(assessed(T0, "NONE"))
    assert ward.only.machine.stated == "POSSIBLE"
    ward.see(assessed(T0, "PROBABLE"))
    assert (ward.only.level, ward.only.machine.stated) == ("PROBABLE", "POSSIBLE")
    assert "rose tier-rose" in ward.said()


@pytest.mark.rules("TIER-10")
@pytest.mark.parametrize(
    ("around", "why"),
    [
        (Circumstances(deceased=True), "died"),
        (Circumstances(discharged_at=T0 + 2 * HOUR), "discharged"),
        (Circumstances(resolved_at=T0 + 2 * HOUR), "clinically-resolved"),
    ],
)
def test_an_episode_ends_with_the_stay_or_the_illness(around: Any, why: Any) -> None:
    ward = Ward()
    ward.see(assessed(T0))
    ward.see(assessed(T0 + 3 * HOUR, "NONE"), around)
    assert (attention(ward.only, T0), ward.said()[-1]) == (Attention.ENDED, f"ended {why}")
    # the old evidence still stands in its windows: it begins no new episode
    ward.see(assessed(T0 + 4 * HOUR, evidence_at=T0), around)
    assert len(ward.alerts) == 1


@pytest.mark.rules("TIER-10")
def test_new_evidence_after_an_end_begins_a_new_episode() -> None:
    ward = Ward()
    left = Circumstances(discharged_at=T0 + 2 * HOUR)
    ward.see(assessed(T0))
    ward.see(assessed(T0 + 3 * HOUR, "NONE"), left)
    ward.see(assessed(T0 + 5 * HOUR, evidence_at=T0 + 4 * HOUR), left)
    assert [a.subject for a in ward.alerts.values()] == ["episode-1", "episode-2"]


def test_evidence_that_says_more_than_the_closed_episode_is_never_swallowed() -> None:
    ward = Ward()
    left = Circumstances(discharged_at=T0 + 2 * HOUR)
    ward.see(assessed(T0, "WATCH"))
    ward.see(assessed(T0 + 3 * HOUR, "NONE"), left)
    ward.see(assessed(T0 + 4 * HOUR, "PROBABLE", evidence_at=T0 + HOUR), left)
    assert len(ward.alerts) == 2


@pytest.mark.rules("TIER-10")
def test_168_hours_without_a_true_finding_end_it() -> None:
    ward = Ward()
    ward.see(assessed(T0))
    quiet = T0 + 168 * HOUR
    ward.see(assessed(quiet - MINUTE, "NONE"))
    assert ward.only.machine.ended_at is None
    assert next_due([ward.only], assessed(quiet - MINUTE, "NONE"), quiet - MINUTE) == quiet
    ward.see(assessed(quiet, "NONE"))
    assert ward.said()[-1] == "ended no-true-finding"


@pytest.mark.rules("TIER-10")
def test_an_episode_does_not_end_while_its_tier_is_still_stated() -> None:
    """A rule may look back further than any finding does: ending now would open a new one now."""
    ward = Ward()
    ward.see(assessed(T0, "WATCH", ("RIG",)))
    at = T0 + 168 * HOUR
    ward.see(assessed(at, "WATCH", ("RIG",), evidence_at=T0))
    assert ward.only.machine.ended_at is None
    assert next_due([ward.only], assessed(at, "WATCH"), at) == at + HOUR
    ward.see(assessed(at + HOUR, "NONE"))
    assert ward.said()[-1] == "ended no-true-finding"


@pytest.mark.rules("ALR-06")
def test_a_highly_probable_that_nobody_takes_goes_up_the_chain() -> None:
    ward = Ward()
    ward.see(assessed(T0, "HIGHLY_PROBABLE"))
    chain = []
    for minutes in (14, 15, 16, 30, 31):
        at = T0 + minutes * MINUTE
        for move in ward.see(assessed(at, "HIGHLY_PROBABLE")):
            chain += [(minutes, n.audience.value, n.channel.value) for n in move.notices]
    assert chain == [
        (15, "second-on-call", "interruptive"),
        (30, "critical-care-outreach", "interruptive"),
    ]


@pytest.mark.rules("ALR-06")
def test_a_claim_stops_the_chain_and_a_release_starts_it_again() -> None:
    ward = Ward()
    ward.see(assessed(T0, "HIGHLY_PROBABLE"))
    ward.keep(claim(ward.only, "ann", T0 + 5 * MINUTE))
    assert next_due([ward.only], assessed(T0, "NONE"), T0 + 5 * MINUTE) == T0 + 168 * HOUR
    ward.see(assessed(T0 + 40 * MINUTE, "HIGHLY_PROBABLE"))
    assert not any("escalated" in line for line in ward.said())
    ward.keep(release(ward.only, "ann", T0 + 50 * MINUTE))
    state = assessed(T0 + 50 * MINUTE, "HIGHLY_PROBABLE")
    assert next_due([ward.only], state, T0 + 50 * MINUTE) == T0 + 65 * MINUTE
    ward.see(assessed(T0 + 65 * MINUTE, "HIGHLY_PROBABLE"))
    assert ward.said()[-1] == "escalated unacknowledged"


@pytest.mark.rules("ALR-06")
def test_a_release_after_the_whole_chain_runs_it_again() -> None:
    ward = Ward()
    for minutes in (0, 15, 30):
        ward.see(assessed(T0 + minutes * MINUTE, "HIGHLY_PROBABLE"))
    ward.keep(claim(ward.only, "ann", T0 + 31 * MINUTE))
    ward.keep(release(ward.only, "ann", T0 + 32 * MINUTE))
    ward.see(assessed(T0 + 62 * MINUTE, "HIGHLY_PROBABLE"))
    assert ward.said()[-2:] == ["escalated unacknowledged"] * 2


@pytest.mark.rules("ALR-13")
def test_an_unverified_cut_off_pages_nobody_through_the_chain() -> None:
    ward = Ward()
    ward.see(assessed(T0, "HIGHLY_PROBABLE", channel=Channel.URGENT_TASK))
    ward.see(assessed(T0 + HOUR, "HIGHLY_PROBABLE", channel=Channel.URGENT_TASK))
    assert "second-on-call urgent_task unacknowledged" in ward.told()
    assert not any("interruptive" in line for line in ward.told())


@pytest.mark.rules("ALR-12")
@pytest.mark.parametrize(
    ("suppression", "shown"),
    [
        (Suppression.COMFORT_CARE, Attention.SUPPRESSED),
        (Suppression.THEATRE, Attention.SUPPRESSED),
        (Suppression.ATTESTED, Attention.WAITING),  # listed for its management, calling nobody
    ],
)
def test_suppressed_is_on_record_and_calls_nobody(suppression: Any, shown: Any) -> None:
    ward = Ward()
    around = Circumstances(suppression=suppression)
    ward.see(assessed(T0, "PROBABLE", interactions=[interaction()]), around)
    nms, pair = ward.alerts.values()
    assert attention(nms, T0) is shown
    assert ward.said() == [
        "opened tier-reached",
        f"suppressed {suppression}",
        "opened pair-found",
    ]
    ward.see(assessed(T0 + HOUR, "HIGHLY_PROBABLE", interactions=[interaction()]), around)
    assert {n.alert for m in ward.moves for n in m.notices} == {pair.id}
    ward.see(assessed(T0 + 2 * HOUR, "HIGHLY_PROBABLE", interactions=[interaction()]))
    assert ward.said()[-1] == "unsuppressed suppression-ended"
    assert "prescriber interruptive suppression-ended" in ward.told()


@pytest.mark.rules("ALR-12", "ALR-04")
def test_only_comfort_care_stands_above_the_page_for_41_1() -> None:
    for suppression, paged in ((Suppression.ATTESTED, True), (Suppression.COMFORT_CARE, False)):
        ward = Ward()
        around = Circumstances(suppression=suppression)
        ward.see(assessed(T0, "PROBABLE"), around)
        ward.see(assessed(T0 + HOUR, "PROBABLE", critical=True), around)
        assert ("prescriber interruptive critical-temperature" in ward.told()) is paged


@pytest.mark.rules("ALR-12")
def test_comfort_care_stated_by_a_person_lasts_for_the_stay() -> None:
    ward = Ward()
    ward.see(assessed(T0))
    ward.keep(resolve(ward.only, "ann", T0, "comfort-care"))
    ward.see(assessed(T0 + HOUR, "HIGHLY_PROBABLE"))
    ward.see(assessed(T0 + 30 * HOUR, "HIGHLY_PROBABLE"))
    assert attention(ward.only, T0 + 30 * HOUR).hidden
    assert not any(line.startswith("prescriber") for line in ward.told())


@pytest.mark.rules("OBS-02")
def test_retracted_evidence_is_corrected_to_everyone_who_was_told() -> None:
    ward = Ward()
    first, both = frozenset({"Observation/1"}), frozenset({"Observation/1", "Observation/2"})
    ward.see(
        assessed(T0, "PROBABLE", evidence=("Observation/1", "Observation/2")),
        Circumstances(present=both),
    )
    told = [line.split(" ")[0] for line in ward.told()]
    eased = assessed(T0 + HOUR, "WATCH", ("RIG",), evidence_at=T0)
    moves = ward.see(eased, Circumstances(present=first))
    entries = [(e.what, e.why, e.detail) for m in moves for e in m.history]
    assert entries[0] == ("corrected", "evidence-retracted", "Observation/2")
    assert [n.audience for m in moves for n in m.notices] == told
    assert ward.only.level == "WATCH"
    assert ward.see(eased, Circumstances(present=first)) == []  # said once


@pytest.mark.rules("OBS-02")
def test_an_alert_that_rested_on_a_retracted_fact_alone_ends_and_says_so() -> None:
    ward = Ward()
    ward.see(assessed(T0), Circumstances(present=frozenset({"Observation/1"})))
    ward.keep(resolve(ward.only, "ann", T0, "data-error"))
    ward.see(assessed(T0 + HOUR, "NONE"), Circumstances(present=frozenset()))
    assert ward.said()[-2:] == ["corrected evidence-retracted", "ended evidence-retracted"]


@pytest.mark.rules("OBS-02")
def test_a_closed_alert_is_corrected_too() -> None:
    ward = Ward()
    ward.see(assessed(T0), Circumstances(present=frozenset({"Observation/1"})))
    ward.see(assessed(T0 + 168 * HOUR, "NONE"))
    assert not is_open(ward.only)
    ward.see(assessed(T0 + 169 * HOUR, "NONE"), Circumstances(present=frozenset()))
    assert ward.said()[-1] == "corrected evidence-retracted"


def charted(value: float, at: datetime = T0) -> Circumstances:
    """A chart with one temperature under one id."""
    source = Source("t", "Observation", "1")
    chart = chart_of("p1", [Measurement("body_temperature", at, value, "Cel", source)])
    return Circumstances(present=frozenset({"Observation/1"}), prints=Prints(chart))


@pytest.mark.rules("OBS-02")
def test_a_corrected_value_that_takes_the_ground_away_is_said_like_a_retraction() -> None:
    """39.4 °C was a slip of the pen for 36.4: same id, same time, another value."""
    ward = Ward()
    ward.see(assessed(T0, "PROBABLE"), charted(39.4))
    told = [line.split(" ")[0] for line in ward.told()]
    after = assessed(T0 + HOUR, "NONE", evidence=())
    moves = ward.see(after, charted(36.4))
    entries = [(e.what, e.why, e.detail) for m in moves for e in m.history]
    assert entries[0] == ("corrected", "evidence-corrected", "Observation/1")
    assert [n.audience for m in moves for n in m.notices] == told
    assert ward.said()[-1] == "ended evidence-retracted"
    assert ward.see(after, charted(36.4)) == []  # said once


@pytest.mark.rules("OBS-02")
def test_a_corrected_value_that_still_holds_is_no_correction_notice() -> None:
    ward = Ward()
    ward.see(assessed(T0, "PROBABLE"), charted(39.4))
    ward.see(assessed(T0 + HOUR, "PROBABLE", evidence_at=T0), charted(39.6))
    assert ward.said() == ["opened tier-reached"]
    ward.see(assessed(T0 + 2 * HOUR, "WATCH", ("RIG",), evidence=()), charted(36.6))
    assert "corrected evidence-corrected" in ward.said()  # against the value told last


@pytest.mark.rules("OBS-02")
def test_a_later_reading_under_the_same_id_is_a_new_reading() -> None:
    ward = Ward()
    ward.see(assessed(T0, "PROBABLE"), charted(39.4))
    ward.see(assessed(T0 + HOUR, "WATCH", ("RIG",), evidence=()), charted(36.4, T0 + HOUR))
    assert not any(line.startswith("corrected") for line in ward.said())


@pytest.mark.rules("OBS-02")
def test_an_alert_that_has_ended_is_corrected_too_when_its_value_was_wrong() -> None:
    ward = Ward()
    ward.see(assessed(T0), charted(39.4))
    ward.see(assessed(T0 + 168 * HOUR, "NONE"), charted(39.4))
    assert not is_open(ward.only)
    ward.see(assessed(T0 + 169 * HOUR, "NONE"), charted(36.4))
    assert ward.said()[-1] == "corrected evidence-corrected"


@pytest.mark.rules("ALR-05")
def test_one_interaction_alert_a_pair_and_day_unless_it_worsens() -> None:
    ward = Ward()
    mild = interaction(severity="major")
    ward.see(assessed(T0, "NONE", interactions=[mild, interaction(severity="major")]))
    ward.see(assessed(T0 + HOUR, "NONE", interactions=[mild]))
    ward.see(assessed(T0 + 2 * HOUR, "NONE"))
    ward.see(assessed(T0 + 3 * HOUR, "NONE", interactions=[mild]))
    assert ward.said() == ["opened pair-found", "ended pair-gone", "reopened pair-returned"]
    assert ward.only.machine.calls == 1
    ward.see(assessed(T0 + 4 * HOUR, "NONE", interactions=[interaction()]))
    assert ward.said()[-1] == "worsened severity-rose"
    ward.see(assessed(T0 + 5 * HOUR, "NONE"))
    ward.see(assessed(T0 + 40 * HOUR, "NONE", interactions=[interaction()]))
    assert (ward.only.machine.calls, len(ward.alerts)) == (3, 1)


@pytest.mark.rules("ALR-05")
def test_a_pair_that_was_overridden_an_hour_ago_stays_quiet_though_it_comes_back() -> None:
    ward = Ward()
    ward.see(assessed(T0, "NONE", interactions=[interaction()]))
    ward.keep(resolve(ward.only, "ann", T0 + 25 * HOUR, "benefit-outweighs"))
    ward.see(assessed(T0 + 26 * HOUR, "NONE"))
    ward.see(assessed(T0 + 27 * HOUR, "NONE", interactions=[interaction()]))
    assert attention(ward.only, T0 + 27 * HOUR) is Attention.RESOLVED
    ward.see(assessed(T0 + 49 * HOUR, "NONE", interactions=[interaction()]))
    assert attention(ward.only, T0 + 49 * HOUR) is Attention.WAITING


def test_which_drug_is_named_first_makes_no_second_alert() -> None:
    ward = Ward()
    ward.see(assessed(T0, "NONE", interactions=[interaction(drugs=("verapamil", "dantrolene"))]))
    ward.see(assessed(T0 + HOUR, "NONE", interactions=[interaction()]))
    assert len(ward.alerts) == 1
