"""What may never change a warning: direction, the order of drafts, other facts, more suspicion."""

from collections.abc import Sequence

from hypothesis import given, settings
from hypothesis import strategies as st

from alerts.knowledge import load
from alerts.knowledge.records import Row
from alerts.statements import Channel, Interaction, TierName
from tests.interactions.patients import chart, on_list, on_order

KNOWLEDGE = load()
Case = tuple[list[str], list[str]]
DRUGS = sorted(KNOWLEDGE.index.drugs)
ROUTES = ("oral", "iv", "im")
TIERS = [t.value for t in TierName]
# facts that decide no condition of any row in the negative
OTHERS = (
    "active parkinson_disease",
    "active liver_disease",
    "active sepsis",
    "active psychosis",
    "active hypertension",
    "maybe preeclampsia",
    "active dehydration",
    "active acute_kidney_injury",
    "active chronic_kidney_disease",
    "active prolonged_qt",
    "active pneumonia",
    "sign physical_restraint",
    "sign diaphoresis",
    "sign ventilated",
    "sign rigidity",
    "heart_rate 120",
    "systolic_bp 150",
    "potassium 5",
    "wbc 14",
)


def written(name: str, route: str) -> str:
    return f"{name.replace(' ', '_')} {route}"


def sides(row: Row) -> tuple[list[str], list[str]]:
    found = ([], [])
    for key, hits in KNOWLEDGE.index.drugs.items():
        for hit in hits:
            if hit.row is row:
                found[hit.side == "b"].append(key)
    return found


# two drugs that some row names together, so that most examples say something
MEETINGS = [both for both in map(sides, KNOWLEDGE.interactions) if all(both)]
route = st.sampled_from(ROUTES)
meeting = st.sampled_from(MEETINGS).flatmap(
    lambda both: st.tuples(st.sampled_from(sorted(both[0])), st.sampled_from(sorted(both[1])))
)
drug = st.builds(written, st.sampled_from(DRUGS), route)
two = st.tuples(meeting, route, route).map(
    lambda m: (written(m[0][0], m[1]), written(m[0][1], m[2]))
)
more = st.lists(drug, max_size=5, unique_by=lambda d: d.split()[0])


def different(drugs: Sequence[str]) -> list[str]:
    return list({d.split()[0]: d for d in drugs}.values())


def mixed(pair: tuple[str, str], others: list[str], cut: int) -> tuple[list[str], list[str]]:
    """Orders and running drugs: a pair that may meet, and what else is going on."""
    if cut == 0:
        return different(pair), [d for d in others if d.split()[0] not in str(pair)]
    return [pair[0]], different([pair[1], *others])


case = st.builds(mixed, two, more, st.integers(0, 1))
facts = st.lists(st.sampled_from(OTHERS), max_size=5, unique=True)


def pairs(found: tuple[Interaction, ...]) -> set[tuple[str, frozenset[str], Channel]]:
    return {(i.id, frozenset(i.drugs), i.mode) for i in found if len(i.drugs) == 2}


def loudness(found: tuple[Interaction, ...]) -> dict[tuple[str, frozenset[str]], bool]:
    return {(i.id, frozenset(i.drugs)): i.mode is Channel.INTERRUPTIVE for i in found}


@settings(max_examples=150, deadline=None)
@given(two, st.sampled_from(TIERS))
def test_which_of_two_drugs_is_ordered_changes_nothing(pair: tuple[str, str], tier: str) -> None:
    one, two = pair
    forth = on_order([one], chart([two], []), tier)
    back = on_order([two], chart([one], []), tier)
    together = on_order([one, two], chart([], []), tier)
    assert pairs(forth) == pairs(back) == pairs(together)


@settings(max_examples=100, deadline=None)
@given(case, facts, st.sampled_from(TIERS))
def test_the_order_of_drafts_and_records_changes_nothing(
    told: Case, said: list[str], tier: str
) -> None:
    orders, taking = told
    named = [f"{o} id d-{n}" for n, o in enumerate(orders)]
    runs = [f"{t} id r-{n}" for n, t in enumerate(taking)]
    straight = on_order(named, chart(runs, said), tier)
    assert straight == on_order(named[::-1], chart(runs[::-1], said), tier)
    severities = [i.severity for i in straight]
    assert severities == sorted(
        severities, key=("contraindicated", "major", "moderate", "minor").index
    )


@settings(max_examples=150, deadline=None)
@given(case, more, facts, facts, st.sampled_from(TIERS))
def test_other_facts_never_remove_or_soften_a_warning(
    told: Case, added: list[str], said: list[str], extra: list[str], tier: str
) -> None:
    orders, taking = told
    known = {d.split()[0] for d in (*orders, *taking)}
    others = [d for d in added if d.split()[0] not in known]
    before = loudness(on_order(orders, chart(taking, said), tier))
    after = loudness(on_order(orders, chart([*taking, *others], [*said, *extra]), tier))
    assert set(before) <= set(after)
    assert all(after[key] for key, loud in before.items() if loud)


@settings(max_examples=100, deadline=None)
@given(case, facts, st.integers(0, len(TIERS) - 1), st.integers(0, len(TIERS) - 1))
def test_more_suspicion_never_silences(told: Case, said: list[str], one: int, two: int) -> None:
    orders, taking = told
    low, high = sorted((one, two))
    patient = chart(taking, said)
    calm = loudness(on_order(orders, patient, TIERS[low]))
    alarmed = loudness(on_order(orders, patient, TIERS[high]))
    assert set(calm) <= set(alarmed)
    assert all(alarmed[key] for key, loud in calm.items() if loud)


@settings(max_examples=100, deadline=None)
@given(case, facts, st.sampled_from(TIERS))
def test_running_drugs_never_interrupt_and_basis_u_never_does(
    told: Case, said: list[str], tier: str
) -> None:
    taking = different([*told[0], *told[1]])
    patient = chart(taking, said)
    listed = on_list(patient, tier)
    assert all(i.mode is Channel.PASSIVE and not i.order for i in listed)
    ordered = on_order(taking, chart([], said), tier)
    for one in (*listed, *ordered):
        if one.basis == "U":
            assert one.mode is Channel.PASSIVE
            assert not one.suggest
            assert one.label.startswith("unconfirmed")
        if one.unknown:
            assert one.mode is Channel.PASSIVE
