"""Is a sign there? Coded, written and boolean answers (the tables are data)."""

import csv
import re
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from alerts.chart import SignKind
from alerts.truth import FALSE, TRUE, UNKNOWN, Truth
from service.fhir.reader.codes import Coded
from service.fhir.terminology.context import clauses, context_of
from service.fhir.terminology.licensed import codes_of

_NEW = re.compile(r"\bnew(?:ly|[- ]onset)?\b|\bworse(?:ned|ning)?\b|\bworsening\b", re.I)
_OLD = re.compile(
    r"\bnot new\b|\bchronic\b|\bunchanged\b|\bbaseline\b|\blong[- ]?standing\b"
    r"|\bas before\b|\bknown\b|\b(?:no|not)(?: any| getting)? wors(?:e|ened|ening)\b"
    r"|(?<!not )\bas usual\b"
    r"|(?<!not )\b(?:usual|normal) for (?:the |this )?(?:patient|pt|him|her)\b",
    re.I,
)
_MORE = re.compile(r"^\W*increased\W*$|\b(?:rigidity|stiffness)\b[^.]*\bincreased\b", re.I)
_BASELINE_WORSE = re.compile(
    r"(?<!no )(?<!not )(?<!any )\b(?:worse|more|increased) than (?:at )?(?:baseline|usual)\b", re.I
)


@dataclass(frozen=True, slots=True)
class SignRow:
    """What a concept says about a sign."""

    kind: SignKind
    present: Truth
    detail: str | None
    attribute: bool


def rows_of(name: str) -> list[dict[str, str]]:
    text = (files("service.fhir") / name).read_text(encoding="utf-8")
    return list(csv.DictReader(line for line in text.splitlines() if not line.startswith("#")))


@cache
def sign_rows() -> dict[str, tuple[SignRow, ...]]:
    """Concept key -> what it says of signs, the sign that it names first (signs.csv)."""
    table: dict[str, tuple[SignRow, ...]] = {}
    for row in rows_of("signs.csv"):
        told = SignRow(
            SignKind(row["sign"]),
            Truth(row["present"]),
            row["detail"] or None,
            bool(row["attribute"]),
        )
        table[row["concept"]] = (*table.get(row["concept"], ()), told)
    return table


@cache
def answer_codes() -> dict[tuple[str, str], Truth]:
    """(system, code) or ("words", text) -> is it there? (answers.csv)."""
    told = {(row["system"], row["code"]): row["present"] for row in rows_of("answers.csv")}
    return {mark: Truth(word) for mark, word in (told | codes_of("presence")).items()}


@cache
def circumstances() -> tuple[tuple[SignKind, re.Pattern[str]], ...]:
    """Words of procedures and devices -> sign (circumstances.csv)."""
    return tuple(
        (SignKind(row["sign"]), re.compile(row["pattern"], re.I))
        for row in rows_of("circumstances.csv")
    )


def circumstance_rows(words: str) -> tuple[SignRow, ...]:
    """Circumstances named in the words of an examination or a problem ("nil by mouth").

    An operation is not read from words: a problem list names old ones.
    """
    return tuple(
        SignRow(kind, TRUE, None, False)
        for kind, pattern in circumstances()
        if kind is not SignKind.SURGERY and pattern.search(words)
    )


def presence(answer: Coded | bool) -> Truth | None:
    """TRUE, FALSE or a stated UNKNOWN; None when the answer is none of these."""
    if isinstance(answer, bool):
        return TRUE if answer else FALSE
    table = answer_codes()
    for coding in answer.codings:
        if (found := table.get(coding)) is not None:
            return found
    for words in (answer.text, *answer.displays):
        found = table.get(("words", words.rstrip(".!").lower()))
        if found is not None:
            return found
    return None


def is_choice(written: Coded) -> bool:
    """Is a text in whole one of the listed answers? Then it is as structured as a code (a row of
    a flowsheet sends its choice as a string); a sentence is free text."""
    return presence(written) is not None


def newness(told: str, notes: str = "") -> Truth:
    """Was it recorded as new or worse than baseline (RIG-02)? Unknown when not told.

    "Increased" is a grade in an answer; in a note on a sign it compares with before.
    """
    if _BASELINE_WORSE.search(f"{told} {notes}") or _MORE.search(notes):
        return TRUE
    told = f"{told} {notes}"
    if _OLD.search(told):
        return FALSE
    return TRUE if _NEW.search(told) else UNKNOWN


# What words beside a sign say about its kind. First match wins.
_DETAILS: dict[SignKind, tuple[tuple[str, re.Pattern[str]], ...]] = {
    SignKind.RIGIDITY: (
        ("lead_pipe", re.compile(r"lead[- ]?pipe", re.I)),
        ("cogwheel", re.compile(r"cog[- ]?wheel", re.I)),
        ("generalised", re.compile(r"generali[sz]ed|diffuse|global|(?:all|four) limbs", re.I)),
    ),
    SignKind.CLONUS: (
        ("ocular", re.compile(r"ocular", re.I)),
        ("inducible", re.compile(r"induc", re.I)),
        ("spontaneous", re.compile(r"spontaneous", re.I)),
    ),
}


def detail_in(kind: SignKind, words: str) -> str | None:
    """The kind of a present sign that its words name."""
    return next(iter(details_in(kind, words)), None)


def details_in(kind: SignKind, words: str) -> tuple[str, ...]:
    """Every kind of a sign that words name and do not deny, the more exact before."""
    sorts = _DETAILS.get(kind, ())
    return tuple(d for d, pattern in sorts if pattern.search(words) and _asserted(pattern, words))


def _asserted(pattern: re.Pattern[str], words: str) -> bool:
    return any(
        "negated" not in context_of(clause, hit.start(), hit.end())
        for clause in clauses(words)
        for hit in pattern.finditer(clause)
    )


def inverse(truth: Truth) -> Truth:
    return {TRUE: FALSE, FALSE: TRUE}.get(truth, UNKNOWN)


def boolean(value: Any) -> bool | None:
    return value if isinstance(value, bool) else None
