"""Cards of an example patient as a hook would get them, and the same as a person reads them."""

from itertools import count
from typing import Any
from zoneinfo import ZoneInfo

from alerts.cards import cards
from alerts.statements import Assessment
from tests.management.charts import assessed
from tests.management.examples import EXAMPLES

WARD = ZoneInfo("Europe/Berlin")
BASE = "https://nms.example.org"


def dealt(assessment: Assessment, hook: str = "patient-view", **more: Any) -> list[dict[str, Any]]:
    ids = count(1)
    return cards(
        assessment, hook, assessment.interactions, lambda: f"id-{next(ids)}", BASE, WARD, **more
    )


def of(name: str, hook: str = "patient-view") -> list[dict[str, Any]]:
    return dealt(assessed(EXAMPLES[name]()), hook)


def read_aloud(name: str) -> str:
    """Every card of a patient as plain text: what a client without Markdown shows."""
    pages = [f"# {name}\n"]
    for card in of(name):
        offered = [f"[{s['label']}]" for s in card.get("suggestions", [])]
        links = [f"<{link['label']}>" for link in card["links"]]
        reasons = [r["display"] for r in card["overrideReasons"]]
        pages.append(
            f"## {card['indicator'].upper()}: {card['summary']}\n\n{card['detail']}\n\n"
            f"Offered: {' '.join([*offered, *links])}\n\nOr say: {'; '.join(reasons)}\n"
        )
    return "\n".join(pages)
