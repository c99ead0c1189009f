"""Silent mode (ALR-10): computed and kept, not shown, and honest about it; analytics tell apart."""

import asyncio
import csv
import io
from pathlib import Path

import httpx
import orjson
import pytest
from fastapi import FastAPI

from service.cds_hooks.analytics import COLUMNS, EXPORTER, analytics_routes, as_csv, lines
from service.edge.faults import Faults
from service.security.session import User
from tests.cds_hooks.served import BASE, SICK, TENANT, Hooks, draft, marks, order, request

LITHIUM = (order("haloperidol 5 mg", "m1", hours=2000),)
ANSWER = "org.nms-sentinel.answer"


def test_a_silent_tenant_shows_nothing_says_so_and_keeps_everything(tmp_path: Path) -> None:
    loud, silent = Hooks(tmp_path), Hooks(tmp_path, silent=True)
    body = request("patient-view", chart=SICK)
    shown = loud.cards("patient-view", body)
    answer = silent.call("patient-view", body).json()
    assert answer["cards"] == []
    assert answer["extension"][ANSWER]["silent"] is True
    assert not {"tier", "interval", "gate"} & answer["extension"][ANSWER].keys()
    (told,) = lines(silent.store.reception(TENANT))
    assert (told.shown, told.hidden) == (len(shown), len(shown))


def test_what_is_said_does_not_tell_whether_something_was_found(tmp_path: Path) -> None:
    silent = Hooks(tmp_path, silent=True)
    sick = silent.call("patient-view", request("patient-view", chart=SICK)).content
    well = silent.call("patient-view", request("patient-view")).content
    assert sick == well


def test_a_silent_rule_is_hidden_and_the_others_are_shown(tmp_path: Path) -> None:
    body = request("order-sign", draft("lithium carbonate"), chart=[*LITHIUM, *SICK[1:]])
    all_of_them = {marks(c)["rule"] for c in Hooks(tmp_path).cards("order-sign", body)}
    assert {"NMS", "INT-AP-LI"} <= all_of_them
    hooks = Hooks(tmp_path, silent_rules=frozenset({"NMS"}))
    answer = hooks.call("order-sign", body).json()
    assert {marks(c)["rule"] for c in answer["cards"]} == all_of_them - {"NMS"}
    assert answer["extension"][ANSWER]["silentRules"] == ["NMS"]
    assert "tier" not in answer["extension"][ANSWER]


def test_hidden_cards_take_no_feedback(tmp_path: Path) -> None:
    silent = Hooks(tmp_path, silent=True)
    silent.call("patient-view", request("patient-view", chart=SICK))
    assert [r.unanswered for r in silent.store.reception(TENANT)] == [0]


# --- analytics


def ask(hooks: Hooks, who: User, **asked: str) -> httpx.Response:
    app = FastAPI()
    app.include_router(analytics_routes(hooks.store, TENANT))
    Faults(lambda *_: pytest.fail("a page was asked for")).install(app)
    app.dependency_overrides[EXPORTER] = lambda: who

    async def whole() -> httpx.Response:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=BASE) as client:
            return await client.get("/api/v1/analytics", params=asked)

    return asyncio.run(whole())


def test_analytics_by_rule_and_week_as_json_and_csv(tmp_path: Path) -> None:
    hooks = Hooks(tmp_path)
    (card, *_) = hooks.cards("patient-view", request("patient-view", chart=SICK))
    reason = {"reason": {"code": "alternative-cause", "system": "urn:x"}}
    hooks.tell("patient-view", {"card": card["uuid"], "outcome": "overridden",
               "outcomeTimestamp": "2026-03-10T12:01:00Z", "overrideReason": reason})  # fmt: skip
    ann = User("Ann", "pharmacist")
    told = ask(hooks, ann, by="week").json()
    (line,) = [x for x in told["lines"] if x["rule"] == "NMS"]
    assert (line["group"], line["shown"], line["overridden"]) == ("2026-03-09", 1, 1)
    assert (line["override_rate"], line["reasons"]) == (1.0, {"alternative-cause": 1})
    assert any("predictive value" in said for said in told["not_known"])
    text = ask(hooks, ann, format="csv").text
    rows = list(csv.DictReader(io.StringIO(text)))
    assert tuple(rows[0]) == COLUMNS
    assert next(r for r in rows if r["rule"] == "NMS")["reasons"] == "alternative-cause=1"
    early = ask(hooks, ann, until="2026-03-01").json()
    assert early["lines"] == []


@pytest.mark.parametrize(
    ("asked", "where"),
    [({"by": "x"}, "by"), ({"format": "x"}, "format"), ({"since": "x"}, "since"),
     ({"tenant": "elsewhere"}, "tenant")],
)  # fmt: skip
def test_a_question_that_makes_no_sense_is_400(
    tmp_path: Path, asked: dict[str, str], where: str
) -> None:
    answer = ask(Hooks(tmp_path), User("Ann", "qa"), **asked)
    assert answer.status_code == 400
    assert orjson.loads(answer.content)["error"]["location"] == where


def test_a_rule_name_cannot_become_a_formula(tmp_path: Path) -> None:
    hooks = Hooks(tmp_path)
    card = {"uuid": "u", "rule": "=HYPERLINK(1)", "indicator": "info"}
    hooks.store.record_cards(TENANT, "p", [card], hooks.clock())
    assert ",'=HYPERLINK(1)," in as_csv(lines(hooks.store.reception(TENANT)))
