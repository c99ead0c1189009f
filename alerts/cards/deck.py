"""Which cards a hook gets: one for the tier, one for each interaction, one for missing data."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import tzinfo
from typing import Any

from alerts.cards.actions import (
    INTERACTION_REASONS,
    MISSING_REASONS,
    NMS_REASONS,
    lab_suggestions,
    links,
    reasons,
)
from alerts.cards.detail import interaction_detail, missing_detail, nms_detail
from alerts.cards.interaction import interaction_summary
from alerts.cards.offers import SUGGESTIONS_MAX, Drafts, choice, offers
from alerts.cards.summary import (
    critical,
    missing_summary,
    missing_vitals,
    new_antagonists,
    nms_summary,
)
from alerts.statements import Assessment, Channel, Interaction, TierName

EXTENSION = "org.nms-sentinel.card"
ORDER_HOOKS = ("order-select", "order-sign")

_SNOMED = "http://snomed.info/sct"
_TOPIC = {
    "code": "15244003",
    "system": _SNOMED,
    "display": "Neuroleptic malignant syndrome",
}
# the consensus criteria and their validation: the evidence behind a tier
_CONSENSUS = "https://doi.org/10.4088/JCP.10m06438"
_URGENCY = {"critical": 0, "warning": 1, "info": 2}
_SEVERITIES = ("contraindicated", "major", "moderate", "minor")
_SERIOUS = _SEVERITIES[:2]


@dataclass(frozen=True, slots=True)
class _Deal:
    """What every card of one call is made from."""

    assessment: Assessment
    ids: Callable[[], str]
    base_url: str
    zone: tzinfo
    failures: Sequence[str]
    drafts: Drafts
    references: Mapping[str, str]
    check: str


def cards(
    assessment: Assessment,
    hook: str,
    interactions: Sequence[Interaction],
    ids: Iterator[str] | Callable[[], str],
    base_url: str,
    zone: tzinfo,
    *,
    failures: Sequence[str] = (),
    removable: Collection[str] = (),
    sent: Mapping[str, Mapping[str, Any]] | None = None,
    references: Mapping[str, str] | None = None,
    check: str = "",
    apart: Collection[str] = (),
) -> list[dict[str, Any]]:
    """Cards for one hook, the most urgent first.

    `ids` gives a new id for each card and suggestion. `failures`: what the caller tried to
    read and could not, in words without patient content. `removable`: references of the
    unsigned drafts of this call; `sent`: reference -> the order as it came. `references`: citation
    key -> absolute URL of the evidence. `check`: absolute URL of the bedside check of this patient.
    `apart`: rules that share no card with others (a site may hide them).
    """
    fresh = _source_of(ids)
    drafts = Drafts(removable, sent or {})
    deal = _Deal(assessment, fresh, base_url, zone, failures, drafts, references or {}, check)
    made: list[dict[str, Any]] = []
    if assessment.tier.name is not TierName.NONE or critical(assessment):
        made.append(_nms_card(deal))
    elif _cannot_assess(assessment, failures):
        made.append(_missing_card(deal))
    shown = _shown(interactions, hook, _said(assessment))
    made += [_interaction_card(row, also, deal) for row, *also in _folded(shown, apart)]
    return sorted(made, key=lambda card: _URGENCY[card["indicator"]])


def _source_of(ids: Iterator[str] | Callable[[], str]) -> Callable[[], str]:
    if callable(ids):
        return ids
    return lambda: next(ids)


def _said(assessment: Assessment) -> frozenset[str]:
    """Drugs that the tier's own card already says to stop or to give back."""
    advice = {a.id for a in assessment.plan.advice}
    said = {c.drug for c in assessment.plan.culprits if advice & {"MGT-STOP", "MGT-WITHHOLD"}}
    if "MGT-DA-REINSTATE" in advice:
        said |= {w.drug for w in assessment.withdrawals}
    return frozenset(said)


def _shown(
    interactions: Sequence[Interaction], hook: str, said: frozenset[str]
) -> list[Interaction]:
    """One per rule and pair; where no order is at hand only what is serious and not yet said."""
    kept: dict[tuple[str, tuple[str, ...]], Interaction] = {}
    for row in interactions:
        if row.mode is Channel.NONE:
            continue
        if hook not in ORDER_HOOKS and (row.severity not in _SERIOUS or said.issuperset(row.drugs)):
            continue
        kept.setdefault((row.id, row.drugs), row)
    return list(kept.values())


def _folded(rows: Sequence[Interaction], apart: Collection[str]) -> list[list[Interaction]]:
    """One card for what is said of the same drugs (ALR-05), led by the row that is most urgent,
    then most severe, then names most harm."""
    groups: dict[tuple[tuple[str, ...], str, str], list[Interaction]] = {}
    for row in rows:
        alone = row.id if row.id in apart else ""
        groups.setdefault((row.drugs, row.order, alone), []).append(row)
    return [sorted(group, key=_weight) for group in groups.values()]


def _weight(row: Interaction) -> tuple[int, int, int]:
    urgency, severity = _URGENCY[_interaction_indicator(row)], _SEVERITIES.index(row.severity)
    return (urgency, severity, -len(row.effect.split(",")))


def _cannot_assess(assessment: Assessment, failures: Sequence[str]) -> bool:
    if failures:
        return True
    return bool(new_antagonists(assessment)) and "temperature" in missing_vitals(assessment)


def _nms_card(deal: _Deal) -> dict[str, Any]:
    now = deal.assessment
    card = {
        "uuid": deal.ids(),
        "summary": nms_summary(now),
        "detail": nms_detail(now, deal.zone, deal.failures),
        "indicator": tier_indicator(now),
        "source": _source(now, _CONSENSUS),
        "links": links(deal.base_url, now.patient, deal.check),
        "overrideReasons": reasons(NMS_REASONS),
        "extension": _extension("NMS", now, deal.failures),
    }
    return _with_suggestions(card, lab_suggestions(now, deal.ids))


def tier_indicator(assessment: Assessment) -> str:
    """info for WATCH; critical only where the channel may interrupt (ALR-02, ALR-13)."""
    if assessment.tier.channel is Channel.INTERRUPTIVE:
        return "critical"
    return "info" if assessment.tier.name is TierName.WATCH else "warning"


def _missing_card(deal: _Deal) -> dict[str, Any]:
    now = deal.assessment
    return {
        "uuid": deal.ids(),
        "summary": missing_summary(now, deal.failures),
        "detail": missing_detail(now, deal.zone, deal.failures),
        "indicator": "warning",
        "source": _source(now, _CONSENSUS),
        "links": links(deal.base_url, now.patient, deal.check),
        "overrideReasons": reasons(MISSING_REASONS),
        "extension": _extension("DATA-MISSING", now, deal.failures),
    }


def _interaction_card(row: Interaction, also: Sequence[Interaction], deal: _Deal) -> dict[str, Any]:
    """`also`: the other rows about the same drugs."""
    now = deal.assessment
    told = [deal.references[c] for c in row.cite if c in deal.references]
    known = iter(sorted(told, key=lambda url: "//doi.org/" not in url))  # a DOI lasts longest
    extension = _extension(row.id, now, deal.failures)
    gravest = min((one.severity for one in (row, *also)), key=_SEVERITIES.index)
    extension[EXTENSION] |= {"drugs": list(row.drugs), "severity": gravest}
    if row.order:
        extension[EXTENSION]["order"] = row.order
    if also:
        extension[EXTENSION]["also"] = [one.id for one in also]
    card = {
        "uuid": deal.ids(),
        "summary": interaction_summary(row, now.as_of, deal.zone),
        "detail": interaction_detail(row, now, deal.zone, also),
        "indicator": _interaction_indicator(row),
        "source": _source(now, next(known, f"{deal.base_url.rstrip('/')}/")),
        "links": links(deal.base_url, now.patient, deal.check),
        "overrideReasons": reasons(INTERACTION_REASONS),
        "extension": extension,
    }
    return _with_suggestions(card, _offered(row, also, deal), choice(row))


def _offered(row: Interaction, also: Sequence[Interaction], deal: _Deal) -> list[dict[str, Any]]:
    """What the rows offer, each once, the leading row's first."""
    kept: dict[str, dict[str, Any]] = {}
    for one in (row, *also):
        if choice(one) == choice(row):
            for offer in offers(one, deal.assessment.patient, deal.drafts, deal.ids):
                kept.setdefault(offer["label"], offer)
    return list(kept.values())[:SUGGESTIONS_MAX]


def _interaction_indicator(row: Interaction) -> str:
    if row.mode is Channel.INTERRUPTIVE and row.basis != "U":
        return "critical"
    return "warning" if row.severity in _SERIOUS else "info"


def _with_suggestions(
    card: dict[str, Any], offered: list[dict[str, Any]], choice: str = "any"
) -> dict[str, Any]:
    if offered:
        card["suggestions"] = offered
        card["selectionBehavior"] = choice
    return card


def _source(assessment: Assessment, url: str) -> dict[str, Any]:
    return {
        "label": f"NMS Sentinel, rules {assessment.rules}",
        "url": url,
        "topic": dict(_TOPIC),
    }


def _extension(rule: str, assessment: Assessment, failures: Sequence[str]) -> dict[str, Any]:
    held: dict[str, Any] = {
        "rule": rule,
        "ruleVersion": assessment.rules,
        "tier": assessment.tier.name.value,
        "interval": {"lower": assessment.iec.lower, "upper": assessment.iec.upper},
        "evaluatedAt": assessment.as_of.isoformat(),
    }
    gaps = [*failures, *assessment.incomplete]
    if gaps:
        held["incomplete"] = gaps
    return {EXTENSION: held}
