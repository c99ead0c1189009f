"""Text from a chart stays text: in Markdown, in HTML, and where neither is rendered."""

import re
from dataclasses import replace
from datetime import timedelta
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.cards.text import age, clock, escape, fit, joined, moment, plain, quantity
from alerts.statements import Datum
from tests.cards.deal import WARD, dealt
from tests.management.charts import NOW, assessed
from tests.management.examples import EXAMPLES

NASTY = (
    "<script>alert(1)</script>", "<img src=x onerror=alert(1)>", "[click](https://evil.example)",
    "![x](https://evil.example/p.png)", "`code` *bold* _it_ ~~no~~", "https://evil.example/path",
    "www.evil.example", "a@evil.example", "| a | b |", "# heading", "> quote", "&lt;b&gt;",
    "line\nbreak\r\n- item", "\u202egnirts\u2066", "<!-- hidden -->", "[ref]: https://evil.example",
)  # fmt: skip


class Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.seen: list[str] = []

    def handle_starttag(self, tag: str, attrs: object) -> None:
        self.seen.append(tag)

    def handle_comment(self, data: str) -> None:
        self.seen.append("comment")


def tags(text: str) -> list[str]:
    parser = Tags()
    parser.feed(text)
    parser.close()
    return parser.seen


@pytest.mark.parametrize("text", NASTY)
def test_nasty_text_forms_no_tag_link_or_markup(text: str) -> None:
    safe = escape(text)
    assert tags(safe) == []
    assert not re.search(r"(?<!\\)\[[^\]]*(?<!\\)\]\(", safe)
    assert "://" not in safe
    assert "\n" not in safe
    assert "\u202e" not in safe


@given(st.text(max_size=200))
def test_no_text_at_all_forms_a_tag_or_a_link(text: str) -> None:
    safe = escape(text)
    assert tags(safe) == []
    assert not re.search(r"(?<!\\)\]\(", safe)
    assert "://" not in safe


@pytest.mark.parametrize("text", NASTY)
def test_a_drug_or_a_note_of_the_chart_cannot_break_a_card(text: str) -> None:
    found = assessed(EXAMPLES["severe-two-antipsychotics"]())
    culprit = replace(found.plan.culprits[0], dose=text, source=text)
    unread = Datum("drug", text, "", None, text, text)
    bad = replace(
        found,
        plan=replace(found.plan, culprits=(culprit, *found.plan.culprits[1:])),
        unmapped=(unread,),
    )
    card = dealt(bad)[0]
    assert tags(card["detail"]) == []
    assert not re.search(r"(?<!\\)\]\(", card["detail"])
    assert "://" not in card["detail"]
    assert not set("<>") & set(card["summary"])


def test_citations_survive_escaping() -> None:
    assert escape("Stop at 38.0 °C [eyer2007, bmj_bp_nms]") == (
        "Stop at 38.0 °C [eyer2007, bmj_bp_nms]"
    )


@pytest.mark.parametrize(
    ("value", "unit", "shown"),
    [
        ("39", "Cel", "39.0 °C"),
        ("39.82", "Cel", "39.82 °C"),
        ("4200", "U/L", "4,200 U/L"),
        (">52000", "U/L", ">52000 U/L"),
        ("128", "/min", "128 /min"),
        ("6.1", "mmol/L", "6.1 mmol/L"),
    ],
)
def test_quantities_as_a_ward_writes_them(value: str, unit: str, shown: str) -> None:
    assert quantity(value, unit) == shown


@pytest.mark.parametrize(
    ("minutes", "shown"),
    [(27, "27 min ago"), (119, "119 min ago"), (150, "2 h ago"), (60 * 50, "2 d ago")],
)
def test_ages(minutes: int, shown: str) -> None:
    assert age(timedelta(minutes=minutes)) == shown


def test_clocks_are_the_wards() -> None:
    assert clock(NOW - timedelta(minutes=27), NOW, WARD) == "15:05 (27 min ago)"
    assert moment(NOW - timedelta(hours=17), NOW, WARD) == "23 Nov 22:32"
    assert clock(None, NOW, WARD) == "time not recorded"


@given(st.lists(st.text(max_size=300), min_size=1, max_size=4))
def test_a_summary_always_fits(candidates: list[str]) -> None:
    assert len(fit(candidates)) < 140


def test_words() -> None:
    assert joined(["a", "b", "c"]) == "a, b and c"
    assert plain("a<b>\x00c") == "a‹b› c"
