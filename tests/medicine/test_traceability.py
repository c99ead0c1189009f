"""Every rule of the specification has a test, every statement of its source article a rule."""

from tests.medicine import traceability


def test_every_rule_has_a_test() -> None:
    assert traceability.untested() == []


def test_every_statement_is_held_by_a_tested_rule() -> None:
    assert traceability.unheld() == []
    assert len(traceability.known()["statements"]) == 61


def test_tests_name_only_rules_that_exist() -> None:
    told = set(traceability.known()["rules"])
    assert sorted(set(traceability.collected()) - told) == []


def test_the_table_is_fresh() -> None:
    written = traceability.REPORT.read_text("utf-8")
    assert written == traceability.table(), "run python -m tests.medicine.traceability"


def test_a_rule_without_a_test_would_be_seen(monkeypatch: object) -> None:
    rules = {"rules": {"NO-SUCH-1": {"text": "nothing"}}, "statements": {}}
    monkeypatch.setattr(traceability, "known", lambda: rules)  # type: ignore[attr-defined]
    assert traceability.untested() == ["NO-SUCH-1"]
