"""A number on a card is the number of the rules that made it: an overlay changes the text."""

from pathlib import Path
from typing import Any

import pytest

import alerts
from alerts.assessment import assess
from alerts.cards.detail import nms_detail
from alerts.cards.facts import finding_titles
from alerts.cards.summary import nms_summary
from alerts.chart import Fact
from alerts.statements import Assessment
from tests.cards.deal import WARD, dealt
from tests.management.charts import NOW, chart, knowledge, reading
from tests.management.examples import depot, early_rigidity, severe, without_ck
from tests.medicine.test_said_numbers import NUMBER, overlay, texts

MODULES = sorted((Path(alerts.__file__).parent / "cards").glob("*.py"))
# what a study found, not what a rule compares with
STUDIES = frozenset(
    {
        "An aid, not a verdict: among 221 suspected cases sensitivity 69.6 %,"
        " specificity 90.7 % [gurrera2017]. NMS may be present when the score is low."
    }
)

NUMBERS = overlay(
    exposure__literal_h=96,
    hyp__threshold_c=38.3,
    hyp__occasions=3,
    temp40__threshold_c=40.5,
    temp411__threshold_c=41.3,
    ck__multiple=5,
)


@pytest.mark.parametrize("path", MODULES, ids=lambda p: p.stem)
def test_no_text_of_a_card_holds_a_number_of_its_own(path: Path) -> None:
    assert {text for text in texts(path) if NUMBER.search(text)} <= STUDIES


def told(facts: list[Fact], **numbers: float) -> Assessment:
    return assess(chart(facts), overlay(**numbers) if numbers else knowledge(), NOW)


def labels(card: dict[str, Any]) -> list[str]:
    return [offer["label"] for offer in card.get("suggestions", [])]


def test_what_a_finding_is_called() -> None:
    before, after = finding_titles(knowledge().says), finding_titles(NUMBERS.says)
    changed = {key: after[key] for key in after if after[key] != before[key]}
    assert changed == {
        "EXP72": "Exposure within 96 h of onset",
        "HYP": "Temperature above 38.3 °C on three occasions",
        "TEMP1": "One temperature above 38.3 °C",
        "TEMP40": "Temperature of 40.5 °C or more",
        "TEMP411": "Core temperature above 41.3 °C with altered mental status",
        "CK": "CK at least 5 times the upper limit of normal",
    }
    assert before["HYP"] == "Temperature above 38.0 °C on two occasions"


def test_the_detail_names_the_items_by_the_numbers_that_were_used() -> None:
    facts = early_rigidity()
    assert "on two occasions" in nms_detail(told(facts), WARD)
    detail = nms_detail(told(facts, hyp__threshold_c=38.3), WARD)
    assert "Recorded absent: Temperature above 38.3 °C on two occasions" in detail
    assert "38.0" not in detail


def test_the_suggestion_of_a_ck_says_when_and_below_what_to_repeat_it() -> None:
    before = dealt(told(without_ck()))[0]
    after = dealt(told(without_ck(), ck__multiple=5, ck__early_negative_h=36))[0]
    assert "Order CK (repeat in 12 h if below 4 × the upper limit)" in labels(before)
    assert "Order CK (repeat in 36 h if below 5 × the upper limit)" in labels(after)
    assert "CK now; repeat in 36 h if below 5 × ULN" in after["detail"]


def test_the_score_is_told_of_as_many_points_as_the_rules_give() -> None:
    assert " of 100 points" in nms_detail(told(severe()), WARD)
    detail = nms_detail(told(severe(), iec__MET=9), WARD)
    assert " of 104 points" in detail
    assert "of 100 points" not in detail


def test_the_published_rule_of_the_last_dose_is_named_by_its_hours() -> None:
    assert "the published 72 h rule" in nms_detail(told(depot()), WARD)
    assert "the published 96 h rule" in nms_detail(told(depot(), exposure__literal_h=96), WARD)


def test_what_is_time_critical_says_its_temperature() -> None:
    facts = [*severe(), reading("body_temperature", 41.6, 0.4, site="core")]
    said = told(facts, temp411__threshold_c=41.3)
    assert "core temperature above 41.3 °C" in said.tier.wording
    assert "41.1" not in nms_detail(said, WARD) + nms_summary(said) + said.tier.wording
    assert "core temperature above 41.1 °C" in told(facts).tier.wording
