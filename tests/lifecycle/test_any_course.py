"""Any course at all: facts, people and time in any order (fault table, row 15).

The machine below keeps its own, simpler account of what a person knew when they hid an alert, and
checks after every step that nothing that must be seen is hidden.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from alerts.lifecycle import (
    Alert,
    Attention,
    Circumstances,
    Move,
    Refused,
    attention,
    claim,
    hand_over,
    is_open,
    next_due,
    release,
    reopen,
    resolve,
    snooze,
    undo,
)
from alerts.lifecycle.view import View, joined, nms_view
from alerts.statements import Assessment, TierName
from tests.lifecycle.patients import HOUR, MINUTE, T0, Ward, assessed, interaction

TIERS = [t.value for t in TierName]
DOMAINS = ("TEMP", "RIG", "MENT", "MUSC", "AUT")
PEOPLE = ("ann", "bob")


@dataclass(frozen=True)
class Known:
    """What was on record when a person hid the alert."""

    rank: int
    domains: frozenset[str]
    hot: bool
    ck: float


class Course(RuleBasedStateMachine):
    """One patient, two pharmacists, a clock that only goes forward."""

    @initialize()
    def begin(self) -> None:
        self.ward = Ward()
        self.now: datetime = T0
        self.said: Assessment = assessed(T0, "NONE")
        self.around = Circumstances(temperature=37.0, ck=100.0)
        self.ever: dict[str, set[str]] = {}
        self.known: dict[str, Known] = {}
        self.notes: list[str] = []
        self.hot_before = False

    # --- facts and time

    @rule(
        tier=st.sampled_from(TIERS),
        domains=st.sets(st.sampled_from(DOMAINS), min_size=1),
        temperature=st.sampled_from([36.8, 38.4, 39.0, 40.2]),
        ck=st.sampled_from([100.0, 900.0, 2000.0, 9000.0]),
        minutes=st.integers(1, 600),
    )
    def new_facts(
        self, tier: str, domains: set[str], temperature: float, ck: float, minutes: int
    ) -> None:
        self.now += minutes * MINUTE
        self.around = Circumstances(temperature=temperature, ck=ck)
        self.said = assessed(self.now, tier, sorted(domains), evidence_at=self.now)
        self._worker_looks()

    @rule(
        thing=st.sampled_from(["domain", "fever", "ck", "tier", "nothing"]),
        minutes=st.integers(1, 90),
        data=st.data(),
    )
    def one_thing_changes(self, thing: str, minutes: int, data: st.DataObject) -> None:
        """The near misses of TIER-07: all as it was but for one thing."""
        self.now += minutes * MINUTE
        tier, domains = self.said.tier.name, set(self.said.tier.domains) or {"RIG"}
        if thing == "domain":
            domains.add(data.draw(st.sampled_from(DOMAINS)))
        if thing == "tier":
            tier = TierName(TIERS[min(tier.rank + 1, 5)])
        temperature = self.around.temperature or 37.0
        if thing == "fever":
            temperature = 39.1 if temperature < 39.0 else 38.5
        ck = (self.around.ck or 100.0) * (2 if thing == "ck" else 1)
        self.around = Circumstances(temperature=temperature, ck=ck)
        self.said = assessed(self.now, tier.value, sorted(domains), evidence_at=self.now)
        self._worker_looks()

    @rule(data=st.data(), user=st.sampled_from(PEOPLE))
    def person_dismisses_the_episode(self, data: st.DataObject, user: str) -> None:
        """The commonest step, of the alert that matters."""
        running = [a for a in self._alerts() if a.kind == "nms" and is_open(a)]
        for alert in running[:1]:
            self._keep(resolve(alert, user, self.now, "alternative-cause"), "")

    @rule(minutes=st.integers(1, 3000))
    def time_passes(self, minutes: int) -> None:
        """Up to three times the worker is woken by the due list; then the clock stops there."""
        target = self.now + minutes * MINUTE
        for _ in range(3):
            due = next_due(self._alerts(), self.said, self.now)
            if due is None or due > target:
                break
            self.now = due
            self._again()
        else:
            return
        self.now = target

    @rule()
    def pair(self) -> None:
        self.now += MINUTE
        self.said = assessed(self.now, "NONE", interactions=[interaction()])
        self._worker_looks()

    @rule()
    def evaluated_twice(self) -> None:
        """A task delivered twice, two workers, a retry: nothing more happens."""
        assert self.ward.see(self.said, self.around) == []

    # --- people

    @rule(data=st.data())
    def two_claim(self, data: st.DataObject) -> None:
        alert = self._pick(data)
        free = alert is not None and is_open(alert) and alert.human.owner is None
        if alert is None or not free:
            return
        winners, refusals = [], []
        for user in data.draw(st.permutations(PEOPLE)):
            try:
                self.ward.keep(claim(self.ward.alerts[alert.id], user, self.now))
                winners.append(user)
            except Refused as refused:
                refusals.append(refused.reason)
        assert refusals == ["already-claimed"]
        assert winners == [self.ward.alerts[alert.id].human.owner]

    @rule(data=st.data(), hours=st.integers(1, 24), user=st.sampled_from(PEOPLE))
    def person_snoozes(self, data: st.DataObject, hours: int, user: str) -> None:
        note = self._note()
        end = self.now + hours * HOUR
        self._do(data, lambda a: snooze(a, user, self.now, "will-monitor", end, note), note)

    @rule(
        data=st.data(),
        reason=st.sampled_from(["acted-on", "alternative-cause", "data-error"]),
        user=st.sampled_from(PEOPLE),
    )
    def person_resolves(self, data: st.DataObject, reason: str, user: str) -> None:
        note = self._note()
        self._do(data, lambda a: resolve(a, user, self.now, reason, note), note)

    @rule(data=st.data(), user=st.sampled_from(PEOPLE))
    def person_reopens(self, data: st.DataObject, user: str) -> None:
        note = self._note()
        self._do(data, lambda a: reopen(a, user, self.now, note), note)

    @rule(data=st.data(), user=st.sampled_from(PEOPLE))
    def person_hands_over(self, data: st.DataObject, user: str) -> None:
        note = self._note()
        to = f"{user}-relief-{len(self.notes)}"
        self._do(data, lambda a: hand_over(a, user, self.now, to, note), note)

    @rule(data=st.data(), step=st.sampled_from([release, undo]), user=st.sampled_from(PEOPLE))
    def person_takes_back(self, data: st.DataObject, step: Any, user: str) -> None:
        self._do(data, lambda a: step(a, user, self.now), "")

    # --- what must hold after every step

    @invariant()
    def never_both_hidden_and_due(self) -> None:
        for alert in getattr(self, "ward", Ward()).alerts.values():
            stands = attention(alert, self.now)
            due = next_due([alert], assessed(self.now, "NONE"), self.now)
            if stands is Attention.SNOOZED:
                assert alert.human.snoozed_until is not None
                assert alert.human.snoozed_until > self.now
                assert due is not None
                assert due <= alert.human.snoozed_until
            if stands is Attention.RESOLVED and alert.machine.stated != "NONE":
                assert due is not None
                assert due <= alert.human.resolved_at + 24 * HOUR  # type: ignore[operator]
            if stands is Attention.WAITING and alert.level == "HIGHLY_PROBABLE":
                told = {"second-on-call", "critical-care-outreach"} <= set(alert.machine.told)
                assert due is not None or told

    @invariant()
    def no_note_is_lost(self) -> None:
        if not getattr(self, "notes", None):
            return
        written = " ".join(e.detail for m in self.ward.moves for e in m.history)
        assert all(note in written for note in self.notes)

    @invariant()
    def one_open_episode_and_one_alert_a_subject(self) -> None:
        alerts = list(getattr(self, "ward", Ward()).alerts.values())
        assert len({(a.kind, a.subject) for a in alerts}) == len(alerts)
        assert sum(a.kind == "nms" and a.machine.ended_at is None for a in alerts) <= 1

    @invariant()
    def an_open_tier_is_on_record(self) -> None:
        if not hasattr(self, "said") or self.said.tier.name is TierName.NONE:
            return
        standing = [a for a in self._alerts() if a.kind == "nms" and a.machine.ended_at is None]
        assert standing
        assert TierName(standing[0].level).rank >= self.said.tier.name.rank

    # --- the doing

    def _alerts(self) -> list[Alert]:
        return list(self.ward.alerts.values())

    def _again(self) -> None:
        said = self.said
        core = [f.evidence[0].at for f in said.findings.values() if f.evidence]
        since = core[0] if core else None
        self.said = assessed(
            self.now,
            said.tier.name.value,
            said.tier.domains or ("RIG",),
            interactions=said.interactions,
            evidence_at=since,
        )
        self._worker_looks()

    def _worker_looks(self) -> None:
        self.ward.see(self.said, self.around)
        for alert in self._alerts():
            self._check_worse(alert)
            self.ever.setdefault(alert.id, set()).update(self.said.tier.domains)
        self.hot_before = (self.around.temperature or 0) >= 39.0

    def _check_worse(self, alert: Alert) -> None:
        known = self.known.get(alert.id)
        if known is None or alert.kind != "nms" or alert.machine.ended_at is not None:
            return
        hot = (self.around.temperature or 0) >= 39.0
        worse = (
            self.said.tier.name.rank > known.rank
            or bool(set(self.said.tier.domains) - known.domains)
            or (hot and not (known.hot and self.hot_before))
            or (self.around.ck or 0) >= 2 * known.ck
        )
        if worse:
            assert not attention(alert, self.now).hidden
            del self.known[alert.id]

    def _note(self) -> str:
        return f"note-{len(self.notes)}."

    def _pick(self, data: st.DataObject) -> Alert | None:
        alerts = self._alerts()
        return data.draw(st.sampled_from(alerts)) if alerts else None

    def _do(self, data: st.DataObject, step: Any, note: str) -> None:
        alert = self._pick(data)
        if alert is None:
            return
        try:
            move: Move = step(alert)
        except Refused:
            return
        self._keep(move, note)

    def _keep(self, move: Move, note: str) -> None:
        alert = self.ward.keep(move).alert
        if note and move.history:
            self.notes.append(note)
        self.known.pop(alert.id, None)
        if attention(move.alert, self.now) in {Attention.SNOOZED, Attention.RESOLVED}:
            self.known[alert.id] = Known(
                TierName(self.said.tier.name).rank,
                frozenset(self.ever.get(alert.id, set())),
                (self.around.temperature or 0) >= 39.0,
                self.around.ck or 0.0,
            )


_QUIET = [HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large]

TestCourse = Course.TestCase
TestCourse.settings = settings(
    max_examples=20, stateful_step_count=40, deadline=None, suppress_health_check=_QUIET
)


@pytest.mark.heavy
@pytest.mark.timeout(1500)
def test_ten_thousand_steps() -> None:
    from hypothesis.stateful import run_state_machine_as_test

    run_state_machine_as_test(
        Course,
        settings=settings(
            max_examples=200, stateful_step_count=50, deadline=None, suppress_health_check=_QUIET
        ),
    )


VIEWS = st.builds(
    lambda minutes, tier, domains: nms_view(
        assessed(T0 + timedelta(minutes=minutes), tier, sorted(domains)), Circumstances()
    ),
    st.integers(0, 10_000),
    st.sampled_from(TIERS),
    st.sets(st.sampled_from(DOMAINS), min_size=1),
)


@given(views=st.lists(VIEWS, min_size=1, unique_by=lambda v: v.as_of), data=st.data())
def test_the_merge_is_free_of_order_and_doubles(views: list[View], data: st.DataObject) -> None:
    ward = Ward()
    ward.see(assessed(T0 - HOUR, "WATCH", ("RIG",)))
    start = ward.only.machine
    shuffled = data.draw(st.permutations(views + views[: len(views) // 2]))
    one, other = start, start
    for view in views:
        one = joined(one, view)
    for view in shuffled:
        other = joined(other, view)
    assert one == other
