"""The list: what rows say, in what order, for whom; actions with one winner; what was seen."""

import csv
import io
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import orjson
import pytest

from alerts.knowledge import load, with_overlay
from service.app import create_app
from service.security.session import User
from service.worklist.changed import changed_words, snapshot
from service.worklist.counter import StoreDesk
from service.worklist.export import _safe
from service.worklist.item import Item
from service.worklist.rows import Filters, listed, rank
from service.worklist.synopsis import drugs, facts
from service.worklist.words import finding_name
from tests.browser.serving import journey
from tests.worklist.site import ANN, BOB, DREW, NORA, Ward

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


def item(key: str, level: str = "WATCH", minutes: int = 0, **held: object) -> Item:
    at = NOW - timedelta(minutes=minutes)
    given = {"kind": "nms", "patient": key, "changed_at": at, "revision": "1", **held}
    return Item(key=key, level=level, opened_at=at, **given)  # type: ignore[arg-type]


def order(*items: Item, **filters: object) -> list[str]:
    return [i.key for i in listed(items, Filters(**filters), ANN, NOW)]  # type: ignore[arg-type]


def test_a_drug_that_was_missed_often_is_told_once() -> None:
    def missed(drug: str, at: datetime | None, reading: str = "full") -> dict[str, object]:
        return {"drug": drug, "at": at and at.isoformat(), "reading": reading}

    hours = [NOW - timedelta(hours=h) for h in (11, 23, 15, 17, 15)]
    told = [missed("levodopa", at) for at in hours]
    told += [missed("amantadine", hours[0]), missed("pramipexole", hours[0], "ended")]
    told += [missed("apomorphine", None)]
    assert drugs({"exposures": [], "withdrawals": told}, NOW, UTC) == [
        "levodopa stopped, cut or missed 4 times since 13:00 (23 h)",
        "amantadine stopped, cut or missed 01:00 (11 h)",
        "apomorphine stopped, cut or missed time not recorded",
    ]


def test_most_severe_first_then_nobodys_then_longest_unattended() -> None:
    assert order(
        item("watch", "WATCH", 90),
        item("mine", "PROBABLE", 60, owner="Ann Able", owner_since=NOW),
        item("young", "PROBABLE", 5),
        item("old", "PROBABLE", 50),
        item("possible", "POSSIBLE", 500),
        item("asleep", "HIGHLY_PROBABLE", 9, snoozed_until=NOW + timedelta(hours=1)),
    ) == ["old", "young", "mine", "possible", "watch"]


def test_the_full_picture_comes_before_a_lesser_one_of_the_same_severity() -> None:
    """Both are CRITICAL, both nobody's: not the one that opened a second earlier."""
    assert order(
        item("lesser", "PROBABLE", 50),
        item("loud", "contraindicated", 60, kind="interaction", interruptive=True),
        item("full", "HIGHLY_PROBABLE", 5),
        item("possible", "POSSIBLE", 90),
        item("atypical", "PROBABLE_ATYPICAL", 1),
    ) == ["full", "loud", "lesser", "atypical", "possible"]


def test_a_number_stands_under_its_own_name() -> None:
    """Pulse, breathing and pressure are three readings; consciousness is told in words."""

    def read(what: str, value: str, unit: str, minute: int) -> dict[str, object]:
        at = f"2026-03-01T11:{minute:02}:00+00:00"
        source = "" if what.startswith("baseline") else f"Observation/{what}-{minute}"
        return {"what": what, "value": value, "unit": unit, "at": at, "source": source, "label": ""}

    findings = {
        "MS": [read("acvpu", "V", "", 1)],
        "SNS": [
            read("systolic_bp", "158", "mm[Hg]", 1),
            read("systolic_bp", "166", "mm[Hg]", 9),
            read("diaphoresis", "present", "", 5),
        ],
        "MET": [
            read("heart_rate", "126", "/min", 8),
            read("baseline heart_rate", "78", "/min", 9),
            read("respiratory_rate", "28", "/min", 9),
        ],
        "DIAPH": [read("diaphoresis", "present", "", 5)],
    }
    said = {"findings": {k: {"state": "true", "evidence": e} for k, e in findings.items()}}
    told = [(f["what"], f["value"]) for f in facts(said, NOW, UTC)]
    assert told == [
        ("consciousness", "responds to voice"),
        ("systolic BP", "166 mmHg"),
        ("sweating", "present"),
        ("pulse", "126 /min"),
        ("breathing", "28 /min"),
    ]
    said["findings"] = {"MS": {"state": "true", "evidence": [read("gcs_total", "9", "", 1)]}}
    assert [f["value"] for f in facts(said, NOW, UTC)] == ["GCS 9"]


def test_filters_hide_only_what_was_asked() -> None:
    rows = (
        item("a", ward="3", owner="Ann Able"),
        item("b", ward="4"),
        item("c", kind="interaction", level="major", interruptive=True),
    )
    assert order(*rows, mine=True) == ["a"]
    assert order(*rows, unclaimed=True) == ["c", "b"]
    assert order(*rows, ward="4") == ["b"]
    assert order(*rows, kind="interaction") == ["c"]
    assert order(*rows, kind="withdrawal") == []
    query = Filters(ward="7 B", mine=True).query
    assert Filters.of({"ward": "7 B", "mine": "1"}).query == query
    assert Filters.of({"kind": "<script>", "mine": "yes"}) == Filters()


def test_an_interaction_that_may_not_interrupt_is_no_alarm() -> None:
    quiet = item("q", "contraindicated", kind="interaction")
    loud = item("l", "contraindicated", kind="interaction", interruptive=True)
    assert (rank(quiet), rank(loud)) == (2, 3)


def test_a_row_tells_state_facts_gaps_and_next(ward: Ward) -> None:
    page = ward.get(ANN, "/worklist").text
    row = page[page.index(f'id="a-{ward.alert("p1")}"') :].split("</article>")[0]
    for words in ("unclaimed", "score", "lead pipe", "Next:", "Missing:", "CK not known", "Drugs:"):
        assert words in row
    assert "data-since=" in row
    assert 'href="/patients/p1#Observation/p1-' in row  # a fact is a link to its source
    assert "/check/p1" in row


def test_two_claim_and_one_is_told_who_has_it(ward: Ward) -> None:
    key = ward.alert("p1")
    assert ward.send(ANN, f"/worklist/{key}/claim").status_code == 303
    lost = ward.send(BOB, f"/worklist/{key}/claim")
    assert lost.status_code == 409
    assert "Somebody else has it already. It is with Ann Able." in lost.text
    assert ward.store.alert("default", key).human.owner == "Ann Able"


def test_every_step_of_a_person_can_be_taken_back(ward: Ward) -> None:
    key = ward.alert("p1")
    steps = (
        ("claim", {}),
        ("snooze", {"reason": "being-examined", "minutes": "30"}),
        ("hand-over", {"to": "Bob Best", "anyway": "1"}),
        ("resolve", {"reason": "acted-on", "intervention": "drug-stopped", "note": "by phone"}),
    )
    for action, fields in steps:
        answer = ward.send(ANN, f"/worklist/{key}/{action}", **fields)
        assert answer.status_code == 303
        assert f"done={action}" in answer.headers["location"]
        assert ward.send(ANN, f"/worklist/{key}/undo").status_code == 303
    human = ward.store.alert("default", key).human
    assert (human.owner, human.snoozed_until, human.resolved_at) == (None, None, None)
    told = [e.what for e in ward.store.history("default", key)]
    assert told.count("undone") == 4
    assert [e.action for e in ward.audited("alert.resolved")] == ["alert.resolved"]


@pytest.mark.parametrize(
    ("action", "fields"),
    [
        ("snooze", {"reason": "because", "minutes": "30"}),
        ("snooze", {"reason": "will-monitor", "minutes": "31"}),
        ("resolve", {"reason": "acted-on", "intervention": "magic"}),
        ("resolve", {"reason": ""}),
        ("hand-over", {"to": " "}),
        ("delete", {}),
    ],
)
def test_what_is_not_offered_is_refused(ward: Ward, action: str, fields: dict[str, str]) -> None:
    assert ward.send(ANN, f"/worklist/{ward.alert('p1')}/{action}", **fields).status_code == 400


def test_a_change_needs_the_token_of_the_session_and_our_own_origin(ward: Ward) -> None:
    path = f"/worklist/{ward.alert('p1')}/claim"
    assert ward.send(ANN, path, csrf="").status_code == 403
    assert ward.send(ANN, path, csrf=ward.sessions.csrf(ward.cookie(BOB))).status_code == 403
    foreign = {"origin": "https://elsewhere.example"}
    form = {"csrf": ward.sessions.csrf(ward.cookie(ANN))}
    assert ward.as_user(ANN, "POST", path, data=form, headers=foreign).status_code == 403


def test_the_dot_goes_when_the_row_was_seen_and_says_what_changed_after(ward: Ward) -> None:
    key = ward.alert("p1")
    assert "● new" in row_of(ward, key)
    ward.send(ANN, "/worklist/seen", back="", key=key)
    assert "●" not in row_of(ward, key)
    ward.take(journey("haloperidol-36h", "p1"))  # the rest: fever, CK
    after = row_of(ward, key)
    assert "● changed" in after
    assert "+ CK above its limit" in after
    assert "● new" in ward.get(BOB, "/worklist").text  # each reader's own


def row_of(ward: Ward, key: str) -> str:
    page = ward.get(ANN, "/worklist?all=1").text
    return page[page.index(f'id="a-{key}"') :].split("</article>")[0]


def test_changes_are_told_in_words() -> None:
    def said(ck: str, at: str, rigid: str) -> dict:
        datum = {"what": "creatine_kinase", "value": ck, "unit": "U/L", "at": at, "source": at}
        return {
            "tier": "POSSIBLE", "channel": "task", "severity": "MILD", "rules": "1",
            "iec": {"lower": 1, "upper": 2}, "ask_next": [], "guidance": [], "exposures": [],
            "interactions": [],
            "findings": {
                "CK": {"state": "true", "evidence": [datum]},
                "RIG": {"state": rigid, "evidence": []},
            },
        }  # fmt: skip

    before, after = said("1200", "Observation/1", "unknown"), said("4200", "Observation/2", "true")
    told = changed_words(snapshot(before), after)
    assert told == ["+ rigidity", "CK 1,200 → 4,200 U/L"]
    assert changed_words({}, after) == []
    assert changed_words(snapshot(after), before)[0] == "rigidity: no longer known"


def test_only_changed_rows_are_sent_with_the_order_of_all(ward: Ward) -> None:
    ward.take(journey("dantrolene-on-verapamil", "d1"))
    key = ward.alert("p1")
    part = ward.get(ANN, f"/worklist/rows?only={key}").text
    keys = re.findall(r'<li data-key="(\w+)"', part)
    assert keys == [key]
    whole = ward.get(ANN, "/worklist").text
    assert order_of(part) == order_of(whole) == re.findall(r'<li data-key="(\w+)"', whole)
    told = {*order_of(part), *re.findall(r'data-part="(\w+)"', whole)}
    assert told == {a.id for a in ward.store.alerts("default")}


def order_of(page: str) -> list[str]:
    ordered = re.search(r'data-order="([^"]*)"', page)
    assert ordered is not None
    return ordered[1].split()


def test_a_filter_is_kept_and_opens_with_the_list(ward: Ward) -> None:
    assert ward.send(ANN, "/worklist/filters", back="mine=1").status_code == 303
    ward.send(ANN, "/worklist/filters", back="ward=3", name="my ward")
    page = ward.get(ANN, "/worklist").text
    assert "No alert fits this filter." in page
    assert 'href="/worklist?ward=3">my ward' in page
    assert "Compatible with NMS" in ward.get(ANN, "/worklist?all=1").text
    assert "No alert fits" not in ward.get(BOB, "/worklist").text


def test_an_export_holds_what_is_shown_and_nothing_a_spreadsheet_would_run(ward: Ward) -> None:
    answer = ward.get(ANN, "/worklist/export.csv")
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    assert len(rows) == len(ward.store.alerts("default"))
    nms = next(row for row in rows if row["kind"] == "nms")
    assert nms["patient"] == "p1"
    assert int(nms["score_lower"]) < int(nms["score_upper"])
    assert "Observation/" in nms["facts"]
    lines = ward.get(ANN, "/worklist/export.ndjson").text.splitlines()
    assert {orjson.loads(line)["id"] for line in lines} == {row["id"] for row in rows}
    assert [_safe(c) for c in ("=1+1", "@x", "39.8 °C")] == ["'=1+1", "'@x", "39.8 °C"]
    assert [e.subject for e in ward.audited("worklist.export")] == ["csv", "ndjson"]
    assert ward.get(NORA, "/worklist/export.csv").status_code == 403


def test_an_empty_list_says_that_it_says_nothing(tmp_path: Path) -> None:
    site = Ward(tmp_path)
    page = site.get(ANN, "/worklist").text
    assert "No open alerts." in page
    assert "No data has come in yet." in page


def test_who_cares_for_some_wards_sees_those_and_what_is_nowhere(ward: Ward) -> None:
    ward.take(journey("haloperidol-36h", "p2", until=5, ward="Ward 9"))
    nine = User("Wes", "nurse", wards=("Ward 9",))
    page = ward.get(nine, "/worklist").text
    assert "Patient p2" in page
    assert "Patient p1" not in page
    told = orjson.loads(ward.get(nine, "/api/v1/alerts").content)["alerts"]
    assert {alert["patient"] for alert in told} == {"p2"}


def test_another_tenant_is_not_found_unless_it_is_the_users(ward: Ward) -> None:
    assert ward.get(DREW, "/worklist?tenant=north").status_code == 404
    assert ward.get(DREW, "/patients/p1?tenant=north").status_code == 404


def test_a_list_that_was_read_is_in_the_audit_once(ward: Ward) -> None:
    for _ in range(3):
        ward.get(ANN, "/worklist")
        ward.get(ANN, "/worklist/rows")
    (entry,) = ward.audited("worklist.read")
    assert entry.who == "Ann Able"
    assert entry.detail == {"patients": ["p1"]}
    ward.take(journey("haloperidol-36h", "p2", until=5))
    ward.get(ANN, "/worklist/rows")
    assert ward.audited("worklist.read")[-1].detail == {"patients": ["p2"]}


def test_the_desk_is_one_of_the_protocol(ward: Ward) -> None:
    desk = StoreDesk(ward.store, "default", lambda: datetime.now(UTC), ZoneInfo("UTC"))
    assert desk.looks("nobody") == {}
    assert desk.received("Observation/none", "p1") is None


def test_two_processes_on_one_store_tell_a_read_once(ward: Ward) -> None:
    other = create_app(ward.settings, ward.store)
    first, second = ward.app, other
    try:
        for app in (first, second, first, second):
            ward.app = app
            assert ward.get(ANN, "/worklist").status_code == 200
            assert ward.get(ANN, "/patients/p1").status_code == 200
    finally:
        ward.app = first
    assert [e.detail for e in ward.audited("worklist.read")] == [{"patients": ["p1"]}]
    assert [e.patient for e in ward.audited("patient.read")] == ["p1"]
    ward.take(journey("haloperidol-36h", "p2", until=5))
    ward.app = second
    ward.get(ANN, "/worklist")
    ward.app = first
    ward.get(ANN, "/worklist")
    assert ward.audited("worklist.read")[-1].detail == {"patients": ["p2"]}
    assert len(ward.audited("worklist.read")) == 2
    assert ward.store.verify_audit("default").sound


@pytest.mark.parametrize("name", ["", "   ", "x" * 81, "Bob\nBest", "Bob\u202eBest", "Bob\x00"])
def test_a_row_is_handed_over_to_a_name_that_can_be_read(ward: Ward, name: str) -> None:
    key = ward.alert("p1")
    assert ward.send(ANN, f"/worklist/{key}/hand-over", to=name).status_code in {400, 422}
    assert ward.store.alert("default", key).human.owner is None


def test_names_of_findings_follow_the_numbers_of_the_rules() -> None:
    rules = load()
    changed = with_overlay(
        rules,
        {
            "version": "B",
            "parameters": {
                "met.hr_ratio": {"value": 1.4},
                "met.rr_ratio": {"value": 1.7},
                "temp411.threshold_c": {"value": 40.9},
                "ck.multiple": {"value": 5},
            },
        },
    )
    keys = ("HR_RATIO", "RR_RATIO", "TEMP411", "CK")
    before = " ".join(finding_name(key, rules.says) for key in keys)
    after = " ".join(finding_name(key, changed.says) for key in keys)
    for number, other in (("25 %", "40 %"), ("50 %", "70 %"), ("41.1", "40.9"), ("4 t", "5 t")):
        assert number in before
        assert other in after
