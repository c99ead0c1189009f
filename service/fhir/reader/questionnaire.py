"""QuestionnaireResponse of the bedside check: items named by sign, answers by choice."""

from collections.abc import Iterator
from typing import Any

from alerts.chart import Fact, SignKind, Source
from service.fhir.reader.answers import boolean, is_choice
from service.fhir.reader.body import Body, Read, only_unread, unread
from service.fhir.reader.codes import Coded, coded
from service.fhir.reader.entry import Entry
from service.fhir.reader.fields import code, objects, string, value_of
from service.fhir.reader.meaning import meaning_of
from service.fhir.reader.modifiers import modified
from service.fhir.reader.reasons import Reason
from service.fhir.reader.signs import BEDSIDE, sign_facts, told
from service.fhir.reader.told import Answer
from service.fhir.reader.when import effective

_USED = {"completed": False, "amended": False, "in-progress": True}
_DEEPEST = 8


def read_questionnaire(entry: Entry, source: Source, body: Body) -> Read:
    """Every answered item that names a sign; other questions are not ours."""
    found = entry.fields
    preliminary = _USED.get(code(value_of(found, "status")))
    if preliminary is None:
        return Read((), Reason.STATUS_UNKNOWN)
    if modified(found):
        return only_unread("observation", "questionnaire", Reason.MODIFIER_EXTENSION, source)
    when = effective(found, ("authored",), body.context)
    if isinstance(when, Reason):
        return only_unread("time", "questionnaire", when, source)
    facts: list[Fact] = []
    for name, value in _answered(value_of(found, "item", "group")):
        what = meaning_of(name)
        if not what.is_sign:
            continue
        flag = boolean(value)
        given = coded(value)
        structured = not isinstance(value, str) or is_choice(given)
        answer = Answer(flag if flag is not None else given, structured)
        tellings = told(name, what.match, answer)
        if tellings:
            facts += sign_facts(tellings, source, answer, when, preliminary)
        else:
            shown = f"{name.label} {given.label}".strip()
            facts.append(unread("value", shown, Reason.UNMAPPED_ANSWER, source, when))
    return Read(tuple(facts), Reason.NONE if facts else Reason.NOTHING_USED)


def _answered(items: Any, depth: int = 0) -> Iterator[tuple[Coded, Any]]:
    """(question, answer) of every answered item, nested ones included."""
    for item in objects(items):
        link = string(item.get("linkId")).rpartition("/")[2]
        name = Coded(((BEDSIDE, link),), string(item.get("text")))
        for answer in objects(item.get("answer")):
            for key, value in answer.items():
                if key.startswith("value") and value is not None:
                    yield _question(item, name), value
            if depth < _DEEPEST:
                yield from _answered(answer.get("item"), depth + 1)
        if depth < _DEEPEST:
            yield from _answered(item.get("item", item.get("question")), depth + 1)


def _question(item: dict[str, Any], name: Coded) -> Coded:
    """A link to one of our signs, else the words of the question."""
    known = {kind.value for kind in SignKind}
    if name.codings[0][1] in known:
        return name
    return Coded(coded(item.get("code")).codings, name.text)
