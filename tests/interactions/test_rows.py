"""Each of the 87 rows has all seven pieces of evidence, counted; none may be missing for any row.

fires | stays still outside its context | says an unknown context as unknown | indicator and channel
| a valid suggestion, or rightly none | a summary under 140 characters that names the drugs | a
citation that resolves. The cases are those of cases.csv, the cards those of the hooks.
"""

import pytest

from alerts.cards.text import escape, named
from alerts.knowledge import load
from alerts.knowledge.records import Row
from tests.interactions.evidence import SHOWN, all_rows
from tests.interactions.report import FILE, written

ROWS = load().interactions
# how a value is named on a card where it is not by its kind
OTHER_NAMES = {
    "gfr": ("gfr", "creatinine"),
    "body_temperature": ("temperature",),
    "creatine_kinase": ("ck ",),
}


def test_there_are_87_rows_and_seven_things_to_show() -> None:
    assert len(ROWS) == len(all_rows()) == 87
    assert len(SHOWN) == 7


@pytest.mark.parametrize(
    "rule", [pytest.param(row.id, marks=pytest.mark.rules(row.id)) for row in ROWS]
)
def test_a_row_has_all_its_evidence(rule: str) -> None:
    shown = all_rows()[rule]
    assert shown.faults == []
    assert [what for what, cases in shown.cases.items() if not cases] == []


def test_all_seven_are_counted_for_all_rows() -> None:
    complete = {what: sum(bool(s.cases[what]) for s in all_rows().values()) for what in SHOWN}
    assert complete == dict.fromkeys(SHOWN, 87)


@pytest.mark.parametrize(
    "row", [r for r in ROWS if r.suggest and r.basis != "U"], ids=lambda r: r.id
)
def test_a_row_with_suggestions_offers_one_in_some_case(row: Row) -> None:
    assert all_rows()[row.id].offers > 0


@pytest.mark.parametrize("row", [r for r in ROWS if r.factors], ids=lambda r: r.id)
def test_a_row_shows_each_contextual_factor_or_that_it_is_not_recorded(row: Row) -> None:
    """PDDI-CDS: what makes it serious here, patient by patient, on every card of the row."""
    cards = all_rows()[row.id].cards
    assert cards
    for card in cards:
        for factor in row.factors:
            names = (named(factor).lower(), *OTHER_NAMES.get(factor, ()))
            assert any(name in card["detail"].lower() for name in names), (factor, card["detail"])


@pytest.mark.parametrize("row", ROWS, ids=lambda r: r.id)
def test_a_card_tells_the_least_that_pddi_cds_asks_for(row: Row) -> None:
    """The drugs stand in the summary; effect, mechanism, severity, what to do, evidence here."""
    for card in all_rows()[row.id].cards:
        told = card["detail"].replace("\\", "")
        asked = (row.effect, row.mechanism, f"Severity: {row.severity}", f"Rule {row.id}")
        assert [part for part in asked if escape(part).replace("\\", "") not in told] == []
        said = (row.management, row.management_sus or row.management)
        assert any(escape(text.rstrip(".")).replace("\\", "") in told for text in said)


def test_the_report_is_fresh() -> None:
    assert FILE.read_text("utf-8") == written(), "run python -m tests.interactions.report"
