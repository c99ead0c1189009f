"""SAF-01 to SAF-12 as checks over any text or card that this product shows.

`breaches(text)` reads words; `plan_breaches(plan, ...)` reads the structure of a plan;
`card_breaches(card, assessment)` both. Each breach names its rule. Empty means none was found.
"""

import re
from collections.abc import Iterator
from typing import Any

from alerts.cards.text import escape
from alerts.guidance.patient import PREGNANT
from alerts.knowledge.loader import Knowledge, load
from alerts.moment import Moment
from alerts.statements import Advice, Assessment, Plan
from alerts.truth import FALSE

_NOT = r"(?:do not|don't|never|not|no|avoid|without|before|neither|cannot)\b"
_WORDS = {
    "SAF-01": (
        r"\bdiagnos(?:is|es|ed|e|tic)\b",
        r"\brul(?:es|ed|e|ing) out\b",
        r"\bexclud(?:es|ed|e|ing)\b|\bexclusion\b",
        r"\bcures?\b|\bcured\b",
        r"\bthe patient has NMS\b|\bthis is NMS\b|\bNMS (?:is )?(?:confirmed|proven|absent)\b",
        r"\bmeets DSM\b",
    ),
    "SAF-02": (
        r"\b(?:has been|was|were|have been) (?:ordered|discontinued|signed) by (?:us|this)\b",
        r"\bwe (?:have )?(?:ordered|stopped|held|signed)\b",
        r"\balert (?:was )?suppressed\b",
    ),
    "SAF-09": (
        r"\bprobability of\b|\bchance of\b|\blikelihood of\b",
        r"\brisk of (?:death|dying)\b",
        r"\bwill (?:die|survive)\b|\blikely to (?:die|survive)\b",
        r"\b\d+(?:\.\d+)? ?% (?:likely|probable|certain)\b",
    ),
}
_TREAT = (
    r"\b(?:give|use|add|start|consider|prefer|offer|treat with|switch to|restart|resume|continue)"
)
_DISCOURAGE = (
    r"\b(?:delay|withhold|stop|postpone|skip|defer|no need for|not necessary)\b[^.;]{0,30}"
    r"\b(?:antibiotics?|lumbar puncture|CSF|critical care|intensive care)\b"
)
UNITS = (
    "°C|%|mg|g|kg|mL|L|h|min|s|d|days?|weeks?|years?|points?|cases?|patients?|treatments?|times?"
    "|mmHg|/min|U/L|mmol/L|µmol/L|×10⁹/L|vials?|mOsm|more|of|readings?|oral|mg/kg|mL/kg|U|mEq"
    "|admissions|published|suspected|half-lives|doses?|lead|microgram|ug|mcg|unit|units|tablet|drops|entries|×|kPa|ms|h;|years;"
)
_NUMBER = re.compile(r"(?<![\w.\-/,])\d+(?:[.,]\d+)*")
# what holds digits without being a quantity: times, dates, ids, citations, named scales
_NO_QUANTITY = re.compile(
    r"\[[^\]]*\]"
    r"|\b\d{1,2} (?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)(?: \d{4})?(?: \d{2}:\d{2})?"
    r"|\b\d{1,2}:\d{2}(?: ?[A-Z]{2,5}| ?UTC[+-]?\d*)?"
    r"|\b[A-Z][A-Za-z]+/[\w.\-]+"
    r"|\b(?:TIER|RECH|STG|CK|NEG|ALR|SAF|DAW|TEMP|EXP|WARN|MS|LOG|BASE|INT)-?[\w-]*\d\w*"
    r"|\bSpO2|\bD2\b|\b5-HT3|\bCYP3A4|\b4AT|\bP = 0\.\d+|\b12-lead|\bDSM-5|\bPaCO2"
    r"|\bGCS (?:[<>]=?|[‹›≤≥])?\d+|\bpH (?:[<>]=?|[‹›≤≥])?\d\.\d+"
    r"|\bin \d{4}|after 1984|\bRules? [\w.]+|\brules [\w.]+|\b48-72 h|\bMarkdown"
    r"|\bstep \d|\b\d+ more\b|\bRASS (?:[<>]=?|[‹›≤≥])?-?\d|\b[\d.]+/[\d.]+ mmHg"
    r"|score (?:is|from) [\d–]+(?: to [\d–]+)?|× \d+/d|^\d+\. "
    r"|\b\d(?:-\d)?[- ](?:weekly|monthly)|\bOR \d+\.\d+|m²|1\.73|\b1 year\b|10⁹"
)
_RANGE = re.compile(r"(\d+(?:\.\d+)?)\s?(?:-|–|to|and)\s?(?=\d)")


def antagonists() -> str:
    """Names of every dopamine antagonist and of their classes, as a pattern."""
    known: Knowledge = load()
    names = set(known.classes["antipsychotic"]) | set(known.classes["antiemetic_antagonist"])
    names |= {"an antipsychotic", "antipsychotics", "phenothiazines?", "neuroleptics?"}
    names |= {"another dopamine antagonist", "a dopamine antagonist"}
    return "|".join(sorted(names, key=len, reverse=True))


_SUGGESTS = re.compile(rf"{_TREAT} (?:\w+ ){{0,2}}(?:{antagonists()})\b", re.I)


def breaches(text: str) -> list[str]:
    """Every rule of SAF that the words break, as 'rule: the words'."""
    found = [
        f"{rule}: {hit.group(0)}"
        for rule, patterns in _WORDS.items()
        for pattern in patterns
        for hit in re.finditer(pattern, text, re.I)
    ]
    found += [
        f"SAF-08: {hit.group(0)}"
        for hit in _SUGGESTS.finditer(text)
        if not _negated(text, hit.start())
    ]
    found += [
        f"SAF-07: {hit.group(0)}"
        for hit in re.finditer(_DISCOURAGE, text, re.I)
        if not _negated(text, hit.start())
    ]
    found += [f"SAF-03: {said}" for said in _bare_scores(text)]
    return found


def _negated(text: str, at: int) -> bool:
    """Does a negation stand before it in the same clause?"""
    clause = re.split(r"[.;:\n]", text[:at])[-1]
    return bool(re.search(_NOT, clause, re.I))


def _bare_scores(text: str) -> Iterator[str]:
    """A consensus or DIC score told as one number instead of an interval (SAF-03, LOG-03)."""
    for hit in re.finditer(r"(?:[Cc]onsensus|ISTH|DIC) score(?: now)? (\d+)(?![–\d-])", text):
        yield hit.group(0)


def numbers_without_unit(text: str) -> list[str]:
    """Quantities that nobody could read: digits with no unit after them."""
    flat = _NO_QUANTITY.sub(" ", text)
    flat = _RANGE.sub("", flat)
    found = []
    for hit in _NUMBER.finditer(flat):
        rest = flat[hit.end() : hit.end() + 14].lstrip(" ")
        if not re.match(rf"(?:{UNITS})(?![a-z])", rest):
            found.append(flat[max(0, hit.start() - 20) : hit.end() + 16].strip())
    return found


def plan_breaches(plan: Plan, now: Moment) -> list[str]:
    """The rules that need the structure: age, pregnancy, doses, weight, order of warnings."""
    found = [b for a in plan.advice for b in _advice_breaches(a, now)]
    ids = [a.id for a in plan.advice]
    if "DRG-DANTROLENE" in ids and not {"DRG-BROMOCRIPTINE", "DRG-AMANTADINE"} & set(ids):
        found.append("SAF-04: dantrolene alone")
    treats = [key for key in ids if key.startswith(("MGT-", "DRG-")) and key != "MGT-COOL"]
    if plan.stage in {"", "STG-0"} and treats:
        found.append("STG-0: treatment guidance at WATCH")
    return found


def _advice_breaches(advice: Advice, now: Moment) -> Iterator[str]:
    for text in (*advice.warnings, *advice.lines, advice.brief, advice.title, advice.label):
        yield from (f"{advice.id}: {b}" for b in breaches(text))
    for text in (*advice.warnings, *advice.lines):
        yield from (f"{advice.id}: number without unit: {n}" for n in numbers_without_unit(text))
    if not advice.id.startswith("DRG-"):
        return
    doses = [text for text in (*advice.lines, advice.brief) if is_dose(text)]
    for text in doses:
        yield from (f"SAF-04: {advice.id}: {said}: {text}" for said in _dose_faults(text))
    details = now.chart.details
    adult = details is not None and details.birth_date is not None and _is_adult(now)
    if doses and not adult:
        yield f"SAF-06: {advice.id}: a dose for a child or an unknown age"
    pregnant = any(c.kind in PREGNANT and c.active is not FALSE for c in now.chart.conditions)
    if doses and pregnant and (not advice.warnings or "obstetric" not in advice.warnings[0]):
        yield f"SAF-06: {advice.id}: a dose in pregnancy without the notice first"
    if any("vials of 20 mg" in text for text in advice.lines) and not _weighed(now):
        yield f"SAF-04: {advice.id}: a computed dose without a weight"


def _is_adult(now: Moment) -> bool:
    born = now.chart.details.birth_date if now.chart.details else None
    today = now.as_of.date()
    assert born is not None
    return (today.year - born.year - ((today.month, today.day) < (born.month, born.day))) >= 18


def _weighed(now: Moment) -> bool:
    return any(
        m.kind == "body_weight" and (now.as_of - m.at).days <= 30 for m in now.chart.measurements
    )


def is_dose(text: str) -> bool:
    """A line that tells somebody how much to give."""
    return bool(re.search(r"\d ?mg(?:/kg)?\b[^.]*\b(?:IV|IM|PO|by mouth|tube|every|daily)\b", text))


def _dose_faults(text: str) -> Iterator[str]:
    """Route, interval, maximum and citation stand with every dose (SAF-04)."""
    if text.startswith(("Do not give", "Check", "Contraindication", "Caution", "Already")):
        return
    if not re.search(r"\b(?:IV|IM|by mouth|nasogastric tube|SC|patch)\b", text):
        yield "no route"
    if not re.search(r"\b(?:every|daily|once|in 24 h|in a day)\b", text):
        yield "no interval"
    if " vials of 20 mg" not in text and not re.search(r"maximum|osmol|limit", text):
        yield "no maximum"
    if not re.search(r"\[[a-z0-9_, ]+\]", text):
        yield "no citation"


def card_breaches(card: dict[str, Any], assessment: Assessment) -> list[str]:
    """What a card's words and actions break."""
    ours = card["detail"]
    for unread in assessment.unmapped:  # the chart's own words, shown as they are
        ours = ours.replace(escape(unread.value), "")
    found = breaches(card["summary"]) + breaches(ours)
    found += [f"number without unit: {n}" for n in numbers_without_unit(card["summary"])]
    for text in ours.splitlines():
        found += [f"number without unit: {n}" for n in numbers_without_unit(text)]
    if " ".join(assessment.disclaimer.split()) not in " ".join(card["detail"].split()):
        found.append("SAF-12: no disclaimer")
    if "Consensus score" not in card["detail"]:
        found.append("SAF-03: no interval")
    rule = card["extension"]["org.nms-sentinel.card"]["rule"]
    if assessment.incomplete and rule == "NMS" and "Evaluation incomplete" not in card["detail"]:
        found.append("SAF-10: an incomplete evaluation that does not say so")
    for suggestion in card.get("suggestions", []):
        for action in suggestion["actions"]:
            found += [f"SAF-02: {said}" for said in _action_faults(action)]
    for line in card["detail"].splitlines():
        if is_dose(line) and "Stop" not in line and "Restart" not in line and "On: " not in line:
            found += _order_faults(line)
    return found


def _action_faults(action: dict[str, Any]) -> Iterator[str]:
    """A draft request, or the removal of an unsigned draft: nothing else is ever offered."""
    if action["type"] == "create":
        resource = action["resource"]
        if resource["resourceType"] != "ServiceRequest" or resource["status"] != "draft":
            yield "creates something other than a draft request for a test"
    elif action["type"] != "delete":
        yield f"action {action['type']}"


def _order_faults(line: str) -> list[str]:
    """A recorded contraindication stands before the dose in the same line (SAF-05)."""
    told, dosed = line.find("Check first"), re.search(r"\d ?mg", line)
    if told > -1 and dosed and dosed.start() < told:
        return [f"SAF-05: the dose before the contraindication: {line}"]
    return []
