"""The bedside check: what is asked, what is stored, what is answered, taken back, sent twice."""

import re
import time
from datetime import UTC, datetime, timedelta

import orjson
import pytest

from alerts.chart import SignKind
from service.fhir.reader import read_body
from service.security import session
from service.security.session import check_link
from service.worklist.bedside import PARTS, examination
from tests.fhir.charted import CONTEXT
from tests.worklist.site import ANN, DREW, NORA, Ward

HANDLE = "00112233aabbccdd"
AT = datetime(2026, 3, 3, 8, tzinfo=UTC)


def signs(ward: Ward, kind: SignKind) -> list:
    chart = ward.store.chart("default", "p1")
    assert chart is not None
    return list(chart.signs_of(kind))


def test_missing_things_come_first_and_not_assessed_is_the_default(ward: Ward) -> None:
    page = ward.get(NORA, "/check/p1").text
    first, more = page.split("<h2>Also</h2>")
    assert "Temperature" in first
    assert 'name="rigidity"' in more  # it was examined today
    questions = re.findall(r'id="q-(\w+)"', page)
    assert len(questions) == len(set(questions)) == len(PARTS)  # attestation out, temperature in
    for name in questions:
        if name != "body_temperature":
            assert re.search(rf'name="{name}" value="" checked', page)
    assert "workup_negative" not in page
    assert "workup_negative" in ward.get(DREW, "/check/p1").text


def test_what_was_examined_is_stored_as_fhir_and_answered_at_once(ward: Ward) -> None:
    before = len(signs(ward, SignKind.DIAPHORESIS))
    answer = ward.send(
        NORA, "/check/p1", handle=HANDLE, rigidity="lead_pipe", diaphoresis="present",
        body_temperature="39.1", site="tympanic", gcs_total="13",
    )  # fmt: skip
    assert answer.status_code == 303
    shown = ward.get(NORA, answer.headers["location"]).text
    assert "Now: compatible with NMS" in shown
    assert "Undo" in shown
    assert len(signs(ward, SignKind.DIAPHORESIS)) == before + 1
    chart = ward.store.chart("default", "p1")
    assert chart is not None
    taken = chart.of("body_temperature")[-1]
    assert (taken.value, taken.site) == (39.1, "tympanic")
    assert chart.of("gcs_total")[-1].value == 13
    (entry,) = ward.audited("bedside.save")
    assert (entry.who, entry.patient) == ("Nora Night", "p1")
    ward.work()
    told = ward.get(NORA, answer.headers["location"].replace("/done/", "/told/")).text
    assert "Saved" in told


def test_sent_twice_is_stored_once(ward: Ward) -> None:
    at = datetime.now(UTC).isoformat()
    counts = []
    for _ in range(2):
        answer = ward.send(NORA, "/check/p1", handle=HANDLE, tremor="present", at=at)
        assert answer.status_code == 303
        counts.append(len(signs(ward, SignKind.TREMOR)))
    assert counts == [1, 1]


def test_kept_on_a_phone_and_sent_late_it_counts_from_when_it_was_taken(ward: Ward) -> None:
    taken = (datetime.now(UTC) - timedelta(minutes=40)).replace(microsecond=0)
    ward.send(NORA, "/check/p1", handle=HANDLE, tremor="present", at=taken.isoformat())
    assert signs(ward, SignKind.TREMOR)[-1].at == taken
    other = "ffff2233aabbccdd"
    for odd in ("2031-01-01T00:00:00Z", "2001-01-01T00:00:00Z", "soon"):
        ward.send(NORA, "/check/p1", handle=other, mutism="present", at=odd)
        age = datetime.now(UTC) - signs(ward, SignKind.MUTISM)[-1].at
        assert timedelta(0) <= age < timedelta(minutes=1)


def test_it_is_taken_back_within_two_minutes_and_not_later(
    ward: Ward, monkeypatch: pytest.MonkeyPatch
) -> None:
    ward.send(
        NORA, "/check/p1", handle=HANDLE, clonus="ocular", body_temperature="41.3", site="core"
    )
    assert len(signs(ward, SignKind.CLONUS)) == 1
    answer = ward.send(NORA, "/check/p1/undo", handle=HANDLE)
    assert answer.status_code == 303
    assert signs(ward, SignKind.CLONUS) == []
    chart = ward.store.chart("default", "p1")
    assert chart is not None
    assert chart.of("body_temperature")[-1].value < 41
    assert "Taken back" in ward.get(NORA, answer.headers["location"]).text
    other = "ffff2233aabbccdd"
    ward.send(NORA, "/check/p1", handle=other, clonus="ocular")
    monkeypatch.setattr("service.worklist.bedside.routes.UNDO_FOR", timedelta(0))
    assert ward.send(NORA, "/check/p1/undo", handle=other).status_code == 400
    assert len(signs(ward, SignKind.CLONUS)) == 1


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"rigidity": "soft"},
        {"body_temperature": "hot"},
        {"body_temperature": "390"},
        {"body_temperature": "38", "site": "nose"},
        {"gcs_total": "2"},
        {"gcs_total": "12.5"},
        {"tremor": "present", "handle": "../x"},
    ],
)
def test_what_cannot_be_is_refused_and_nothing_is_stored(ward: Ward, fields: dict) -> None:
    before = ward.store.intake_counts("default")
    assert ward.send(NORA, "/check/p1", **{"handle": HANDLE, **fields}).status_code == 400
    assert ward.store.intake_counts("default") == before


def test_only_who_may_attest_does(ward: Ward) -> None:
    fields = {"handle": HANDLE, "workup_negative": "present"}
    assert ward.send(NORA, "/check/p1", **fields).status_code == 403
    assert signs(ward, SignKind.WORKUP_NEGATIVE) == []
    assert ward.send(DREW, "/check/p1", **fields).status_code == 303
    assert len(signs(ward, SignKind.WORKUP_NEGATIVE)) == 1


def test_a_link_names_a_patient_asks_who_and_opens_nothing_else(ward: Ward) -> None:
    link = check_link(ward.settings, "default", "p1").removeprefix(ward.settings.base_url)
    page = ward.ask("GET", link)
    assert page.status_code == 200
    assert 'name="who" required' in page.text
    assert "workup_negative" not in page.text
    assert "/patients/" not in page.text
    assert ward.ask("POST", link, data={"handle": HANDLE, "tremor": "present"}).status_code == 400
    fields = {"handle": HANDLE, "tremor": "present", "who": "Nurse Joy"}
    saved = ward.ask("POST", link, data=fields)
    assert saved.status_code == 303
    assert "Now:" in ward.ask("GET", saved.headers["location"]).text
    (entry,) = ward.audited("bedside.save")
    assert (entry.who, entry.role) == ("Nurse Joy (by link, not signed in)", "link")
    for path in ("/patients/p1", "/worklist", "/api/v1/alerts"):
        assert ward.ask("GET", path).status_code == 401
    fields["workup_negative"] = "present"
    assert ward.ask("POST", link, data=fields).status_code == 403
    foreign = {"origin": "https://elsewhere.example"}
    assert ward.ask("POST", link, data=fields, headers=foreign).status_code == 403


def test_a_link_ends_and_cannot_be_made_up(ward: Ward, monkeypatch: pytest.MonkeyPatch) -> None:
    link = check_link(ward.settings, "default", "p1").removeprefix(ward.settings.base_url)
    token, _, mark = link.rpartition(".")
    assert ward.ask("GET", f"{token}.{'0' * len(mark)}").status_code == 401
    begun = time.time()
    sessions = ward.app.state.sessions
    monkeypatch.setattr(sessions, "_now", lambda: begun + session.CHECK_SECONDS + 1)
    assert ward.ask("GET", link).status_code == 401


def test_rigidity_compared_with_usual_is_read() -> None:
    for told, new in (("new", "true"), ("usual", "false"), ("", "unknown")):
        form = {"handle": HANDLE, "rigidity": "increased", "rigidity_new": told}
        observation = read_body(examination("p1", form, AT), CONTEXT).resources[0]
        assert observation.facts[0].new.value == new  # type: ignore[union-attr]


def test_the_questionnaire_is_served_with_every_question(ward: Ward) -> None:
    answer = ward.ask("GET", "/fhir/Questionnaire/nms-bedside-check")
    assert answer.headers["content-type"].startswith("application/fhir+json")
    held = orjson.loads(answer.content)
    asked = {item["linkId"] for item in held["item"]}
    assert asked == {p.kind.value for p in PARTS} | {"body_temperature", "site", "gcs_total"}
    assert not any(item["required"] for item in held["item"])


def test_who_may_not_examine_has_no_form(ward: Ward) -> None:
    from service.security.session import User

    assert ward.get(User("Quinn", "qa"), "/check/p1").status_code == 403
    assert ward.get(ANN, "/check/nobody").status_code == 404
