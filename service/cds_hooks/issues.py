"""A DetectedIssue that keeps the reasoning in the chart: for tenants whose client accepts it."""

from typing import Any

from alerts.cards import EXTENSION as CARD
from alerts.cards.offers import SUGGESTIONS_MAX
from alerts.statements import Assessment
from service.cds_hooks.desk import Desk
from service.fhir.emit import detected_issue

_SEVERITY = {"contraindicated": "high", "major": "high", "moderate": "moderate", "minor": "low"}


def with_issues(
    cards: list[dict[str, Any]], assessment: Assessment, desk: Desk
) -> list[dict[str, Any]]:
    """Each card of an interaction that has room offers to record it. PDDI-CDS: MAY."""
    for card in cards:
        marks = card.get("extension", {}).get(CARD, {})
        offered = card.get("suggestions", [])
        if "drugs" not in marks or len(offered) >= SUGGESTIONS_MAX:
            continue
        implicated = [marks["order"]] if "order" in marks else []
        issue = detected_issue(
            desk.new_id(),
            assessment.patient,
            marks["rule"],
            card["summary"],
            _SEVERITY[marks["severity"]],
            assessment.as_of,
            implicated,
        )
        action = {
            "type": "create",
            "description": "Record this finding as a detected issue",
            "resource": issue,
        }
        suggestion = {
            "label": "Record this finding in the chart",
            "uuid": desk.new_id(),
            "actions": [action],
        }
        card["suggestions"] = [*offered, suggestion]
        card.setdefault("selectionBehavior", "any")
    return cards
