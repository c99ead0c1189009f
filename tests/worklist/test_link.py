"""The bedside check by QR code and from a card: what the link is, how long, how often, by whom."""

import html
import re
import time
from collections.abc import Iterator

import pytest
import segno

from service.edge.rate import Rate
from service.security import session
from service.security.session import User, check_link
from tests.cds_hooks.served import SICK, request
from tests.worklist.site import DREW, NORA, Ward


def sheet(ward: Ward) -> str:
    answer = ward.get(NORA, "/check/p1/link")
    assert answer.status_code == 200
    return answer.text


def address_on(page: str, ward: Ward) -> str:
    found = re.search(r'<a href="([^"]+/check/[^"]+)">([^<]+)</a>', page)
    assert found is not None
    assert found[1] == found[2]  # what is printed beside the code is where it leads
    return html.unescape(found[1]).removeprefix(ward.settings.base_url)


def modules(page: str, margin: int = 4) -> Iterator[tuple[int, int]]:
    """The dark modules of the drawn code: its path is runs of horizontal strokes."""
    path = re.search(r'<path stroke="#000" d="([^"]+)"', page)
    assert path is not None
    x = y = 0.0
    for step, told in re.findall(r"([Mmh])([-\d. ]+)", path[1]):
        numbers = [float(n) for n in re.findall(r"-?[\d.]+", told)]
        if step == "M":
            x, y = numbers
        elif step == "m":
            x, y = x + numbers[0], y + numbers[1]
        else:
            yield from ((int(x) - margin + n, int(y) - margin) for n in range(int(numbers[0])))
            x += numbers[0]


def test_the_code_is_the_link_that_is_printed_beside_it(ward: Ward) -> None:
    page = sheet(ward)
    address = ward.settings.base_url + address_on(page, ward)
    wanted = segno.make_qr(address, error="m").matrix
    dark = {(x, y) for y, line in enumerate(wanted) for x, on in enumerate(line) if on}
    assert set(modules(page)) == dark
    assert "CK not known" in page  # what is missing is on the paper too
    assert not re.search(r"<svg[^>]*style|<script(?![^>]*\bsrc=)", page)


def test_the_link_opens_the_check_without_sign_in(ward: Ward) -> None:
    link = address_on(sheet(ward), ward)
    shown = ward.ask("GET", link)
    assert shown.status_code == 200
    assert 'name="who" required' in shown.text


def test_who_asked_for_the_link_and_that_it_was_used_is_in_the_audit(ward: Ward) -> None:
    link = address_on(sheet(ward), ward)
    (made,) = ward.audited("bedside.link")
    assert (made.who, made.role, made.patient) == ("Nora Night", "nurse", "p1")
    ward.ask("GET", link)
    used = ward.audited("patient.read")[-1]
    assert (used.who, used.role, used.patient, used.why) == (
        made.subject, "link", "p1", "bedside-link",
    )  # fmt: skip
    assert link.rpartition(".")[2] not in made.subject  # the audit is no way in


def test_only_who_may_examine_the_patient_gets_a_link(ward: Ward) -> None:
    assert ward.get(User("Quinn", "qa"), "/check/p1/link").status_code == 403
    assert ward.ask("GET", "/check/p1/link").status_code == 401
    assert ward.get(NORA, "/check/nobody/link").status_code == 404
    assert ward.get(User("Wes", "nurse", wards=("Ward 9",)), "/check/p1/link").status_code == 403
    assert ward.audited("bedside.link") == []


def test_a_link_makes_no_further_link(ward: Ward) -> None:
    link = address_on(sheet(ward), ward)
    assert ward.ask("GET", f"{link}/link").status_code == 401


def test_row_and_page_lead_to_the_code_of_the_patient(ward: Ward) -> None:
    for path in ("/worklist", "/patients/p1"):
        assert 'href="/check/p1/link"' in ward.get(NORA, path).text
        assert "/check/p1/link" not in ward.get(User("Quinn", "qa"), path).text


def test_a_link_lives_for_four_hours(ward: Ward, monkeypatch: pytest.MonkeyPatch) -> None:
    link = address_on(sheet(ward), ward)
    begun, sessions = time.time(), ward.app.state.sessions
    monkeypatch.setattr(sessions, "_now", lambda: begun + session.CHECK_SECONDS - 60)
    assert ward.ask("GET", link).status_code == 200
    monkeypatch.setattr(sessions, "_now", lambda: begun + session.CHECK_SECONDS + 1)
    assert ward.ask("GET", link).status_code == 401


def test_who_is_signed_in_examines_under_their_own_name(ward: Ward) -> None:
    link = address_on(sheet(ward), ward)
    answer = ward.get(DREW, link)
    assert (answer.status_code, answer.headers["location"]) == (303, "/check/p1")
    elsewhere = User("Wes", "nurse", wards=("Ward 9",))
    assert ward.get(elsewhere, link).status_code == 200  # by the link, not by their ward
    assert ward.get(User("Quinn", "qa"), link).status_code == 200


@pytest.fixture
def still(monkeypatch: pytest.MonkeyPatch) -> None:
    """No time passes in which a bucket could fill."""
    monkeypatch.setattr(Rate.__init__, "__defaults__", (lambda: 0.0,))


@pytest.mark.usefixtures("still")
def test_a_link_is_used_so_often_and_another_is_not_held_up(ward: Ward) -> None:
    link, other = address_on(sheet(ward), ward), address_on(sheet(ward), ward)
    assert link != other
    seen = [ward.ask("GET", link).status_code for _ in range(30)]
    assert seen == [200] * 20 + [429] * 10
    assert ward.ask("GET", other).status_code == 200
    assert ward.get(NORA, "/check/p1").status_code == 200


@pytest.mark.usefixtures("still")
def test_guesses_are_slowed_and_hold_nobody_else_up(ward: Ward) -> None:
    good = address_on(sheet(ward), ward)
    body = good.rpartition(".")[0]
    seen = [ward.ask("GET", f"{body}.{n:064x}").status_code for n in range(30)]
    assert seen == [401] * 20 + [429] * 10
    assert ward.ask("GET", good).status_code == 200


def test_every_link_of_a_card_to_the_check_works_without_sign_in(ward: Ward) -> None:
    body = request("patient-view", chart=SICK)
    assert body["context"]["patientId"] == "p1"
    answer = ward.ask("POST", "/cds-services/nms-patient-view", json=body)
    assert answer.status_code == 200, answer.text
    links = [link for card in answer.json()["cards"] for link in card.get("links", ())]
    checks = [link["url"] for link in links if link["label"] == "Open the bedside check"]
    assert checks
    for url in checks:
        shown = ward.ask("GET", url.removeprefix(ward.settings.base_url))
        assert shown.status_code == 200
        assert 'name="who" required' in shown.text


def test_links_of_the_service_are_those_of_the_command_line(ward: Ward) -> None:
    link = check_link(ward.settings, "default", "p1").removeprefix(ward.settings.base_url)
    assert ward.ask("GET", link).status_code == 200
