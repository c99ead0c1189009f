"""Every rule is looked at by a test, or the reason why none can is given."""

from tests.conformance.coverage import TABLE, looking_at, table
from tests.conformance.rules import RULES


def test_every_rule_has_a_test_or_a_reason() -> None:
    tests = looking_at()
    for rule in RULES:
        assert bool(tests[rule.number]) != bool(rule.why_not), rule


def test_the_rules_are_numbered_without_a_gap() -> None:
    assert [rule.number for rule in RULES] == list(range(1, 48))


def test_the_table_is_fresh() -> None:
    assert TABLE.read_text(encoding="utf-8") == table(), "run: python -m tests.conformance.coverage"
