"""What was given up can be seen and taken up again by hand, from the command line."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import orjson
import pytest

from alerts.knowledge import load
from service.cli import run
from service.monitoring.evaluation import Evaluator
from service.store import Store, open_store
from tests.monitoring.orders import TENANT, accept

Output = pytest.CaptureFixture[str]
AUDITED = ["notice.send-again", "patient.try-again"]


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Store:
    """One alert whose notice is dead, and one patient set aside."""
    url = f"sqlite:///{tmp_path / 's.db'}"
    monkeypatch.setenv("DATABASE_URL", url)
    monkeypatch.setenv("NMS_SENTINEL_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("NMS_SENTINEL_TENANT", TENANT)
    made = open_store(url)
    made.upgrade()
    accept(made, "told")
    now = datetime.now(UTC) + timedelta(seconds=1)
    Evaluator(made, load(), lambda: now, lambda: str(uuid4())).drain()
    (posted,) = made.claim_notices(now)
    made.notice_failed(posted, "webhook-503", None)
    accept(made, "poison")
    for hour in range(1, 6):
        at = now + timedelta(hours=hour)
        (due,) = [held for held in made.claim_due(at) if held.patient == "poison"]
        made.fail(due, "evaluation-hung", at)
    return made


def told(capsys: Output, *arguments: str) -> tuple[int, str]:
    code = run(list(arguments))
    return code, capsys.readouterr().out


def test_a_dead_letter_is_listed_and_sent_again(store: Store, capsys: Output) -> None:
    code, out = told(capsys, "dead-letters", "list", "--format", "json")
    held = orjson.loads(out)
    assert code == 1
    assert (held["tenant"], held["code"], held["audience"]) == (TENANT, "webhook-503", "worklist")
    assert told(capsys, "dead-letters", "send-again", str(held["number"])) == (
        0,
        "1 notices wait to be sent.\n",
    )
    assert (held["tries"], held["since_revived"]) == (1, 1)
    assert told(capsys, "dead-letters", "list") == (0, "")
    (again,) = store.claim_notices(datetime.now(UTC))
    assert again.id == held["number"]
    assert told(capsys, "dead-letters", "send-again", "4711")[0] == 1
    store.notice_failed(again, "webhook-503", None)
    held = orjson.loads(told(capsys, "dead-letters", "list", "--format", "json")[1])
    assert (held["tries"], held["since_revived"]) == (2, 1)


def test_a_patient_set_aside_is_listed_and_tried_again(store: Store, capsys: Output) -> None:
    code, out = told(capsys, "set-aside", "list", "--format", "json")
    assert (code, orjson.loads(out)["patient"]) == (1, "poison")
    assert told(capsys, "set-aside", "try-again", "somebody")[0] == 1
    assert told(capsys, "set-aside", "try-again", "--all") == (0, "1 patients are due.\n")
    assert store.quarantined(TENANT) == []
    assert [due.patient for due in store.claim_due(datetime.now(UTC))] == ["poison"]


def test_who_takes_it_up_again_is_in_the_audit(store: Store, capsys: Output) -> None:
    told(capsys, "dead-letters", "send-again", "--all")
    told(capsys, "set-aside", "try-again", "poison")
    assert [r.entry.action for r in store.audit(TENANT) if r.entry.who == "operator"] == AUDITED
    assert store.verify_audit(TENANT).sound


@pytest.mark.parametrize("command", ["dead-letters send-again", "set-aside try-again"])
def test_neither_all_nor_some_is_bad_usage(store: Store, command: str, capsys: Output) -> None:
    assert told(capsys, *command.split())[0] == 2
    assert told(capsys, *command.split(), "--all", "--tenant", "nowhere")[0] == 2


def test_a_tenant_that_left_the_settings_is_not_passed_over(
    store: Store, capsys: Output, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NMS_SENTINEL_TENANT", "another")
    for what in ("dead-letters", "set-aside"):
        code, out = told(capsys, what, "list", "--format", "json")
        assert (code, orjson.loads(out)["tenant"]) == (1, TENANT), what
    assert told(capsys, "set-aside", "list", "--tenant", "nobody")[0] == 2
