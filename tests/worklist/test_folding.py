"""Interactions under the patient's own row: never lost, counted, claimed with it or alone."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
import pytest

from service.worklist.folding import folded
from service.worklist.item import Item
from tests.browser.serving import journey
from tests.worklist.site import ANN, BOB, Ward

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
STOP = {
    "guidance": ["MGT-STOP"],
    "culprits": [{"drug": "haloperidol"}, {"drug": "olanzapine"}],
    "withdrawals": [],
}


def item(key: str, kind: str = "interaction", level: str = "major", **held: Any) -> Item:
    given = {"patient": "p", "opened_at": NOW, "changed_at": NOW, "revision": "1", **held}
    return Item(key=key, kind=kind, level=level, **given)


HEAD = item("head", "nms", "PROBABLE", said=STOP)


@pytest.mark.parametrize(
    ("part", "goes_under"),
    [
        ({"drugs": ("haloperidol",)}, True),
        ({"drugs": ("haloperidol", "olanzapine")}, True),
        ({"drugs": ("haloperidol", "lithium")}, False),  # lithium is not said to be stopped
        ({"drugs": ("dantrolene", "verapamil")}, False),
        ({"drugs": ()}, False),
        ({"drugs": ("haloperidol",), "patient": "q"}, False),
        ({"drugs": ("haloperidol",), "owner": "Bob", "owner_since": NOW}, False),
        ({"drugs": ("haloperidol",), "snoozed_until": NOW + timedelta(hours=1)}, False),
        ({"drugs": ("haloperidol",), "suppressed": "comfort-care"}, False),
    ],
)
def test_what_the_row_says_already_goes_under_it(part: dict, goes_under: bool) -> None:
    rows = [HEAD, item("part", **part)]
    assert folded(rows, NOW) == ({"head": [rows[1]]} if goes_under else {})


def test_what_is_graver_than_the_row_stands_for_itself() -> None:
    watch = item("head", "nms", "WATCH", said=STOP)
    loud = item("part", level="contraindicated", drugs=("haloperidol",), interruptive=True)
    assert folded([watch, loud], NOW) == {}
    assert folded([HEAD, loud], NOW) == {"head": [loud]}


def test_a_withdrawn_drug_counts_when_it_is_to_be_given_back() -> None:
    said = {"guidance": ["MGT-DA-REINSTATE"], "withdrawals": [{"drug": "levodopa"}]}
    part = item("part", drugs=("levodopa",))
    head = item("head", "nms", "PROBABLE", said=said)
    assert folded([head, part], NOW) == {"head": [part]}
    other = item("head", "nms", "PROBABLE", said={**said, "guidance": []})
    assert folded([other, part], NOW) == {}


def test_no_row_hides_under_a_row_that_is_not_there() -> None:
    part = item("part", drugs=("haloperidol",))
    asleep = item("head", "nms", "PROBABLE", said=STOP, snoozed_until=NOW + timedelta(hours=1))
    assert folded([part], NOW) == {}
    assert folded([asleep, part], NOW) == {}


@pytest.fixture
def folding(ward: Ward) -> Ward:
    """Haloperidol: three rules about it alone, which the patient's row says to stop."""
    assert len(pairs(ward)) == 3
    assert set(parts(ward.get(ANN, "/worklist").text)) == pairs(ward)
    return ward


def parts(page: str) -> list[str]:
    return re.findall(r'data-part="(\w+)"', page)


def heads(page: str) -> list[str]:
    return re.findall(r'<li data-key="(\w+)"', page)


def pairs(ward: Ward, patient: str = "p1") -> set[str]:
    found = ward.store.alerts("default", patient)
    return {a.id for a in found if a.kind.value == "interaction"}


def owners(ward: Ward) -> dict[str, str | None]:
    return {a.id: a.human.owner for a in ward.store.alerts("default", "p1")}


def test_it_is_counted_named_and_exported(folding: Ward) -> None:
    page = folding.get(ANN, "/worklist").text
    assert heads(page) == [folding.alert("p1")]
    assert "4 alerts in 1 row" in page
    assert "<summary>3 interactions" in page
    assert "Haloperidol in suspected NMS" in page
    exported = folding.get(ANN, "/worklist/export.ndjson").text.splitlines()
    assert pairs(folding) < {orjson.loads(line)["id"] for line in exported}
    assert len(orjson.loads(folding.get(ANN, "/api/v1/alerts").content)["alerts"]) == 4


def test_a_filter_that_hides_the_row_shows_its_interactions(folding: Ward) -> None:
    page = folding.get(ANN, "/worklist?kind=interaction").text
    assert set(heads(page)) == pairs(folding)
    assert parts(page) == []
    snooze = {"reason": "will-monitor", "minutes": "60"}
    folding.send(ANN, f"/worklist/{folding.alert('p1')}/snooze", **snooze)
    assert set(heads(folding.get(ANN, "/worklist?all=1").text)) == pairs(folding)


def test_a_change_of_it_sends_the_row_that_tells_of_it(folding: Ward) -> None:
    sent = folding.get(ANN, f"/worklist/rows?only={min(pairs(folding))}").text
    assert heads(sent) == [folding.alert("p1")]
    assert set(parts(sent)) == pairs(folding)


def test_claimed_with_the_row_and_taken_back_with_it(folding: Ward) -> None:
    head = folding.alert("p1")
    folding.send(ANN, f"/worklist/{head}/claim")
    assert set(owners(folding).values()) == {"Ann Able"}
    folding.send(ANN, f"/worklist/{head}/undo")
    assert set(owners(folding).values()) == {None}
    folding.send(ANN, f"/worklist/{head}/claim")
    folding.send(ANN, f"/worklist/{head}/hand-over", to="Bob Best", anyway="1")
    assert set(owners(folding).values()) == {"Bob Best"}
    folding.send(BOB, f"/worklist/{head}/release")
    assert set(owners(folding).values()) == {None}


def test_claimed_alone_it_is_not_taken_back_with_the_row(folding: Ward) -> None:
    head, key = folding.alert("p1"), min(pairs(folding))
    assert folding.send(ANN, f"/worklist/{key}/claim").status_code == 303
    assert {k for k, owner in owners(folding).items() if owner} == {key}
    assert key in heads(folding.get(BOB, "/worklist").text)  # her work is seen
    folding.send(ANN, f"/worklist/{head}/claim")
    folding.send(ANN, f"/worklist/{head}/undo")
    assert {k for k, owner in owners(folding).items() if owner} == {key}


def test_it_is_resolved_for_itself_and_the_row_stays(folding: Ward) -> None:
    key = min(pairs(folding))
    done = folding.send(ANN, f"/worklist/{key}/resolve", reason="acted-on", intervention="treated")
    assert done.status_code == 303
    page = folding.get(ANN, "/worklist?all=1").text
    assert set(parts(page)) == pairs(folding) - {key}
    assert heads(page) == [folding.alert("p1")]


def test_a_row_that_is_claimed_says_what_under_it_nobody_has(folding: Ward) -> None:
    head = folding.alert("p1")
    token = {"x-csrf-token": folding.sessions.csrf(folding.cookie(ANN))}
    # a program claims one alert and no other
    folding.as_user(ANN, "POST", f"/api/v1/alerts/{head}/claim", headers=token)
    assert {k for k, owner in owners(folding).items() if owner} == {head}
    assert "3 interactions, 3 unclaimed" in folding.get(ANN, "/worklist").text


def test_two_patients_fold_for_themselves(folding: Ward) -> None:
    folding.take(journey("haloperidol-36h", "p2", until=5))
    page = folding.get(ANN, "/worklist").text
    assert "8 alerts in 2 rows" in page
    assert set(parts(page)) == pairs(folding) | pairs(folding, "p2")
