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

_NEW = re.compile(r"\bnew(?:ly|[- ]onset)?\b|\bworse(?:ned|ning)?\b|\bworsening\b", re.I)
_OLD = re.compile(
    r"\bnot new\b|\bchronic\b|\bunchanged\b|\bbaseline\b|\blong[- ]?standing\b|\bas before\b|\bknown\b",
    re.I,
)
_BASELINE_WORSE = re.compile(r"\b(?:worse|more|increased) than (?:at )?baseline\b", re.I)


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
def sign_rows() -> dict[str, SignRow]:
    """Concept key -> sign (signs.csv)."""
    return {
        row["concept"]: SignRow(
            SignKind(row["sign"]),
            Truth(row["present"]),
            row["detail"] or None,
            bool(row["attribute"]),
        )
        for row in rows_of("signs.csv")
    }


@cache
def answer_codes() -> dict[tuple[str, str], Truth]:
    """(system, code) or ("words", text) -> is it there? (answers.csv)."""
    return {(row["system"], row["code"]): Truth(row["present"]) for row in rows_of("answers.csv")}


@cache
def circumstances() -> tuple[tuple[SignKind, re.Pattern[str]], ...]:
    """Words of procedures and devices -> sign (circumstances.csv)."""
    return tuple(
        (SignKind(row["sign"]), re.compile(row["pattern"], re.I))
        for row in rows_of("circumstances.csv")
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


def newness(*texts: str) -> Truth:
    """Was it recorded as new or worse than baseline (RIG-02)? Unknown when not told."""
    told = " ".join(texts)
    if _BASELINE_WORSE.search(told):
        return TRUE
    if _OLD.search(told):
        return FALSE
    return TRUE if _NEW.search(told) else UNKNOWN


def inverse(truth: Truth) -> Truth:
    return {TRUE: FALSE, FALSE: TRUE}.get(truth, UNKNOWN)


def boolean(value: Any) -> bool | None:
    return value if isinstance(value, bool) else None
