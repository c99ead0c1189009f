"""Handing over: to people who are known here, as they are called; else only when it is meant."""

import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from html import unescape
from pathlib import Path

import pytest

from service.security.session import User
from service.store import Person
from service.worklist.people import OFFERED, Unknown, as_known, offered
from tests.worklist.site import ANN, BOB, Ward

NOW = datetime(2026, 3, 1, tzinfo=UTC)


def person(name: str, *wards: str, days_ago: int = 0) -> Person:
    return Person(name, wards, NOW - timedelta(days=days_ago))


def known(ward: Ward, *names: str) -> None:
    for name in names:
        ward.store.note_person(["default"], name, (), NOW)


def owner(ward: Ward, key: str) -> str | None:
    return ward.store.alert("default", key).human.owner


def names_in(page: str) -> list[str]:
    (listed,) = re.findall(r'<datalist id="people">(.*?)</datalist>', page, re.S)
    return [unescape(name) for name in re.findall(r'<option value="([^"]*)">', listed)]


def test_who_has_signed_in_is_offered_and_not_oneself(ward: Ward) -> None:
    known(ward, BOB.name, ANN.name, 'Nora "N" O\'Night')
    ward.store.note_person(["elsewhere"], "Eve Else", (), NOW)
    key = ward.alert("p1")
    for path in ("/worklist", f"/worklist/{key}/more"):
        assert names_in(ward.get(ANN, path).text) == [BOB.name, 'Nora "N" O\'Night']


def test_who_has_acted_is_known(ward: Ward) -> None:
    key = ward.alert("p1")
    ward.send(BOB, f"/worklist/{key}/claim")
    assert [p.name for p in ward.store.people("default")] == [BOB.name]
    assert names_in(ward.get(ANN, "/worklist").text) == [BOB.name]


def test_the_link_of_this_machine_makes_its_user_known(tmp_path: Path) -> None:
    ward = Ward(tmp_path)
    token = ward.sessions.link_token(User("Local Lou", "local"))
    assert ward.ask("GET", f"/sign-in?token={token}").status_code == 303
    assert [p.name for p in ward.store.people("default")] == ["Local Lou"]


def test_who_may_not_act_is_not_offered(tmp_path: Path) -> None:
    ward = Ward(tmp_path)
    token = ward.sessions.link_token(User("Quentin", "qa"))
    assert ward.ask("GET", f"/sign-in?token={token}").status_code == 303
    assert ward.store.people("default") == []


def test_a_name_that_nobody_has_is_said_and_nothing_is_handed_over(ward: Ward) -> None:
    known(ward, BOB.name, "Carla Curie")
    key = ward.alert("p1")
    answer = ward.send(ANN, f"/worklist/{key}/hand-over", to="Bob Bset", note="see CK <b>")
    assert answer.status_code == 409
    assert "Nobody of the name Bob Bset has signed in here." in answer.text
    assert "Hand over to Bob Best" in answer.text
    assert "Hand over to Bob Bset anyway" in answer.text
    assert "Carla" not in answer.text.partition("<datalist")[0]
    assert 'value="see CK &lt;b&gt;"' in answer.text
    assert owner(ward, key) is None


def test_what_the_page_offers_then_does_it(ward: Ward) -> None:
    """Each form of it is sent as a browser would."""
    known(ward, BOB.name)
    key = ward.alert("p1")
    text = ward.send(ANN, f"/worklist/{key}/hand-over", to="Bob Bset", note="by phone").text
    forms = re.findall(r'<form method="post" action="([^"]*)/hand-over">(.*?)</form>', text, re.S)
    sent = [dict(re.findall(r'name="(\w+)" value="([^"]*)"', inside)) for _, inside in forms]
    assert [fields["to"] for fields in sent] == [BOB.name, "Bob Bset"]
    for fields in sent:
        answer = ward.as_user(ANN, "POST", f"/worklist/{key}/hand-over", data=fields)
        assert answer.status_code == 303
        assert owner(ward, key) == fields["to"]
        assert ward.store.history("default", key)[-1].detail == f"to {fields['to']}: by phone"


def test_capitals_and_spaces_do_not_make_another_person(ward: Ward) -> None:
    """Under another spelling it would never be among Bob's."""
    known(ward, BOB.name)
    key = ward.alert("p1")
    assert ward.send(ANN, f"/worklist/{key}/hand-over", to=" bob  BEST").status_code == 303
    assert owner(ward, key) == BOB.name


def test_a_program_is_told_the_same(ward: Ward) -> None:
    key = ward.alert("p1")
    token = {"x-csrf-token": ward.sessions.csrf(ward.cookie(ANN))}
    path = f"/api/v1/alerts/{key}/hand-over"
    answer = ward.as_user(ANN, "POST", path, headers=token, json={"to": "Bob Best"})
    assert answer.status_code == 409
    assert b"hand-over-unknown" in answer.content
    said = {"to": "Bob Best", "anyway": True}
    assert ward.as_user(ANN, "POST", path, headers=token, json=said).status_code == 200
    assert owner(ward, key) == "Bob Best"


@pytest.mark.parametrize(
    ("user", "ward", "names"),
    [
        (User("Ann", "nurse"), "", ["Bob", "Eve", "Sam"]),
        (User("Ann", "nurse", ("7B",)), "", ["Bob", "Sam"]),
        (User("Ann", "nurse", ("7B", "8")), "8", ["Bob", "Eve"]),
        (User("Bob", "nurse"), "7B", ["Ann", "Sam"]),
    ],
)
def test_those_are_offered_who_care_for_the_ward(
    user: User, ward: str, names: Sequence[str]
) -> None:
    """Where neither the row nor the user names a ward, everybody; who cares for all is for any."""
    people = [person("Ann", "7B"), person("Bob"), person("Eve", "8"), person("Sam", "7B", "9")]
    assert offered(people, user, ward) == names


def test_of_very_many_the_newest_are_offered() -> None:
    many = [person(f"n{n:03}", days_ago=n) for n in range(OFFERED + 9)]
    assert offered(many, ANN) == [f"n{n:03}" for n in range(OFFERED)]


def test_of_two_who_differ_in_capitals_the_one_that_was_written_counts() -> None:
    people = [person("van Dyk"), person("Van Dyk")]
    assert as_known("van Dyk", people) == "van Dyk"
    assert as_known("Van Dyk", people) == "Van Dyk"
    with pytest.raises(Unknown):
        as_known("Van Dijck", people)
