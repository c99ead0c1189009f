"""The patient page: now and at any moment, drawn, ticked, read for a reason."""

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import orjson

from service.security.session import User
from service.worklist.words import history_words
from tests.browser.serving import journey
from tests.worklist.site import ANN, DREW, NORA, Ward


def test_the_page_says_tier_interval_findings_plan_and_sources(ward: Ward) -> None:
    page = ward.get(ANN, "/patients/p1")
    assert page.status_code == 200
    for words in (
        "Patient p1",
        "Score ",
        "cut-off 74",
        "not known",
        "recorded absent",
        "Also fits",
    ):
        assert words in page.text
    ids = re.findall(r'\bid="([^"]+)"', page.text)
    assert len(ids) == len(set(ids))
    assert any(one.startswith("Observation/") for one in ids)


def test_the_window_of_the_literal_score_is_that_of_the_rules(tmp_path: Path) -> None:
    overlay = tmp_path / "site.yaml"
    overlay.write_text(
        'version: "site"\nparameters: {exposure.literal_h: {value: 60, basis: D, cite: []}}\n'
    )
    for named, hours in (({}, 72), ({"NMS_SENTINEL_RULES": str(overlay)}, 60)):
        site = Ward(tmp_path / str(hours), **named)
        site.take(journey("haloperidol-36h", "p1", until=5))
        page = site.get(ANN, "/patients/p1").text
        said = re.findall(r"counted only within (.*?) of onset: (\d+–\d+)\.", page)
        assert [window for window, _ in said] == [f"{hours} h"]


def test_what_to_do_and_what_is_missing_stand_before_the_drawing(ward: Ward) -> None:
    page = ward.get(ANN, "/patients/p1").text
    head = page[page.index('id="tier"') : page.index('class="score"')]
    assert "<b>Next:</b>" in head
    assert "<b>Missing:</b>" in head
    assert "CK not known" in head


def test_what_is_severe_is_not_said_to_be_perhaps_so(ward: Ward) -> None:
    ward.take(journey("haloperidol-36h", "severe"))
    page = ward.get(ANN, "/patients/severe").text
    assert "Severity severe" in page
    assert "Discuss with critical care now:" in page
    assert "Could be severe" not in page


def test_as_of_an_earlier_moment_the_facts_say_less(ward: Ward) -> None:
    now = ward.get(ANN, "/patients/p1/panes").text
    begin = (datetime.now(UTC) - timedelta(days=2)).isoformat()
    then = ward.as_user(ANN, "GET", "/patients/p1/panes", params={"at": begin}).text
    assert "What the facts said then; not now" in then
    assert "lead pipe" in now
    assert "lead pipe" not in then
    assert "No alert has been raised" in then  # history ends there too


def test_an_as_of_that_is_none_or_lies_ahead_is_refused(ward: Ward) -> None:
    ahead = (datetime.now(UTC) + timedelta(hours=1)).isoformat()
    for at in ("yesterday", ahead):
        assert ward.as_user(ANN, "GET", "/patients/p1", params={"at": at}).status_code == 400


def test_the_time_line_holds_every_reading_with_its_source(ward: Ward) -> None:
    drawn = orjson.loads(ward.get(ANN, "/patients/p1/timeline").content)
    chart = ward.store.chart("default", "p1")
    assert chart is not None
    assert len(drawn["temperature"]) == len(chart.of("body_temperature"))
    assert all(p["source"].startswith("Observation/") for p in drawn["pulse"])
    (lane,) = [lane for lane in drawn["drugs"] if lane["name"] == "haloperidol"]
    assert lane["kind"] == "antagonist"
    assert {part["style"] for part in lane["parts"]} >= {"dose", "order"}
    assert drawn["limits"]["fever"] == 38.0
    assert drawn["limits"]["baseline"]["heart_rate"]["raised"] > 0
    tiers = [part["tier"] for part in drawn["tiers"]]
    assert tiers[0] == "NONE"
    assert tiers[-1] == ward.store.alert("default", ward.alert("p1")).machine.stated
    assert {b["label"] for b in drawn["blocks"] if b["lane"] == "tone"} >= {"lead pipe"}
    assert any(mark["kind"] == "alert" for mark in drawn["marks"])


def test_a_withdrawal_is_drawn_as_a_gap(ward: Ward) -> None:
    ward.take(journey("levodopa-nil-by-mouth", "l1"))
    drawn = orjson.loads(ward.get(ANN, "/patients/l1/timeline").content)
    (lane,) = [lane for lane in drawn["drugs"] if lane["name"] == "levodopa"]
    assert lane["kind"] == "dopaminergic"
    assert any(part["style"] == "gap" for part in lane["parts"])
    row = ward.get(ANN, "/worklist?kind=withdrawal").text
    assert "levodopa stopped or missed" in row
    assert "Patient p1" not in row


def test_the_plan_is_ticked_by_name_and_taken_back_and_nothing_is_lost(ward: Ward) -> None:
    page = ward.get(ANN, "/patients/p1").text
    item = re.search(r'<li id="p-([\w-]+)"', page)
    assert item is not None
    assert ward.send(ANN, "/patients/p1/tick", item=item[1], done="1").status_code == 303
    assert "Ann Able, " in ward.get(DREW, "/patients/p1").text
    ward.send(DREW, "/patients/p1/tick", item=item[1])
    assert "Ann Able, " not in ward.get(DREW, "/patients/p1").text.split("History")[0]
    told = [(t.item, t.done, t.who) for t in ward.store.ticks("default", "p1")]
    assert told == [(item[1], True, "Ann Able"), (item[1], False, "Drew Doe")]
    assert ward.send(ANN, "/patients/p1/tick", item="MGT-NONE", done="1").status_code == 400


def test_a_patient_is_in_the_audit_once_a_sitting_however_much_the_page_asks(ward: Ward) -> None:
    for path in ("", "/panes", "/timeline", "/panes"):
        assert ward.get(ANN, f"/patients/p1{path}").status_code == 200
    (entry,) = ward.audited("patient.read")
    assert (entry.who, entry.role, entry.patient) == ("Ann Able", "pharmacist", "p1")
    ward.get(NORA, "/patients/p1")
    assert [e.who for e in ward.audited("patient.read")] == ["Ann Able", "Nora Night"]


def test_a_patient_of_another_ward_is_read_for_a_reason_and_for_an_hour(ward: Ward) -> None:
    nine = User("Wes", "nurse", wards=("Ward 9",))
    closed = ward.get(nine, "/patients/p1")
    assert closed.status_code == 403
    assert "not of your wards" in closed.text
    assert "Score" not in closed.text
    for path in ("/panes", "/timeline"):
        assert ward.get(nine, f"/patients/p1{path}").status_code == 403
    assert ward.get(nine, "/check/p1").status_code == 403
    assert ward.send(nine, "/patients/p1/break-glass", reason="curious").status_code == 400
    opened = ward.send(nine, "/patients/p1/break-glass", reason="emergency")
    glass = {"nms_sentinel_glass": opened.cookies["nms_sentinel_glass"]}
    assert ward.as_user(nine, "GET", "/patients/p1", cookies=glass).status_code == 200
    other = User("Una", "nurse", wards=("Ward 9",))
    assert ward.as_user(other, "GET", "/patients/p1", cookies=glass).status_code == 403
    (entry,) = ward.audited("patient.break-glass")
    assert (entry.who, entry.patient, entry.why) == ("Wes", "p1", "emergency")
    assert ward.audited("patient.read")[-1].why == "break-glass"


def test_an_administrator_reads_no_patient_but_for_a_reason(ward: Ward) -> None:
    adam = User("Adam", "admin")
    assert ward.get(adam, "/patients/p1").status_code == 403
    assert ward.get(adam, "/worklist").status_code == 403
    opened = ward.send(adam, "/patients/p1/break-glass", reason="safety-review")
    glass = {"nms_sentinel_glass": opened.cookies["nms_sentinel_glass"]}
    assert ward.as_user(adam, "GET", "/patients/p1", cookies=glass).status_code == 200
    lines = orjson.loads(ward.get(adam, "/api/v1/audit").content)["records"]
    assert lines[-1]["action"] == "patient.read"


def test_the_library_comes_from_the_wheel_packed_and_kept(ward: Ward) -> None:
    page = ward.get(ANN, "/patients/p1").text
    address = re.search(r'src="(/worklist/library/[^"]+)"', page)
    assert address is not None
    answer = ward.ask("GET", address[1])
    assert "immutable" in answer.headers["cache-control"]
    assert answer.headers["content-encoding"] == "gzip"
    assert b"plotly.js" in answer.content[:200]
    assert ward.ask("GET", "/worklist/library/plotly-0.js").status_code == 404


def test_no_page_allows_inline_script_and_only_the_drawing_places_with_style(ward: Ward) -> None:
    for path in ("/worklist", "/patients/p1", "/check/p1", "/worklist/x/more"):
        answer = ward.get(DREW, path)
        policy = answer.headers["content-security-policy"]
        assert "script-src 'self'" in policy
        allowed = "style-src-attr 'unsafe-inline'" in policy
        assert allowed == (path == "/patients/p1")
        assert not re.search(r"<script(?![^>]*\bsrc=)|\son\w+=|<style| style=", answer.text)


def test_the_plan_tells_its_times_on_the_clock_of_the_ward(tmp_path: Path) -> None:
    kolkata = Ward(tmp_path, NMS_SENTINEL_ZONE="Asia/Kolkata")
    kolkata.take(journey("haloperidol-36h", "p1", until=5))
    page = kolkata.get(ANN, "/patients/p1").text
    assert re.search(r"last dose \d+ \w+ \d\d:\d\d IST", page)
    assert " UTC" not in page
    told = orjson.loads(kolkata.get(ANN, "/patients/p1/timeline").content)["zone"]
    assert told["label"] == "Asia/Kolkata, +05:30"


def test_history_tells_tiers_in_the_words_of_the_page() -> None:
    told = history_words("tier-risen: POSSIBLE to HIGHLY_PROBABLE")
    assert told == "tier risen: NMS possible to compatible with NMS, full picture"
    assert history_words("given-back: was Ann's") == "given back: was Ann's"
