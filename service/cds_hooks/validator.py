"""The rules of CDS Hooks 2.0.1 for a whole response: `faults(response)` names each one broken.

Rule numbers in the messages name the part of the specification: element rules (null and empty
values, extension), card, source, suggestion, action, link, override reason. Pure.
"""

from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import orjson

INDICATORS = ("info", "warning", "critical")
SUMMARY_LIMIT = 140  # fewer than, in Unicode code points
_SELECTION = ("at-most-one", "any")
_ACTIONS = ("create", "update", "delete")
_EMPTY = (b"null", b'""', b"[]", b"{}")

Faults = Iterator[str]


def faults(response: Any) -> list[str]:
    """Every rule that the response breaks, as 'where: what'; empty when it is sound."""
    if not isinstance(response, dict):
        return ["response: not an object"]
    cards = response.get("cards")
    found: list[str] = []
    if not _is_filled(response):
        found += _empties(response, "response", allow=("cards",))
    if not isinstance(cards, list):
        return [*found, "cards: missing or not an array"]
    if "systemActions" in response:
        found.append("systemActions: this service never sends any")
    for n, card in enumerate(cards):
        found += card_faults(card, f"cards[{n}]")
    seen = [c.get("uuid") for c in cards if isinstance(c, dict) and c.get("uuid")]
    if len(seen) != len(set(seen)):
        found.append("cards: two cards share a uuid")
    return found


def card_faults(card: Any, where: str = "card") -> list[str]:
    """Every rule that one card breaks."""
    if not isinstance(card, dict):
        return [f"{where}: not an object"]
    return [
        *_summary(card, where),
        *_choice(card, "indicator", INDICATORS, where),
        *_source(card.get("source"), f"{where}.source"),
        *_text(card, ("uuid", "detail"), where),
        *_suggestions(card, where),
        *_each(card, "links", _link, where),
        *_each(card, "overrideReasons", _reason, where),
        *_extension(card, where),
    ]


def _summary(card: dict[str, Any], where: str) -> Faults:
    summary = card.get("summary")
    if not isinstance(summary, str) or not summary.strip():
        yield f"{where}.summary: required"
    elif len(summary) >= SUMMARY_LIMIT:
        yield f"{where}.summary: {len(summary)} characters, must be fewer than {SUMMARY_LIMIT}"


def _source(source: Any, where: str) -> Faults:
    if not isinstance(source, dict):
        yield f"{where}: required object"
        return
    yield from _required(source, ("label",), where)
    for key in ("url", "icon"):
        if key in source and not _absolute(source[key]):
            yield f"{where}.{key}: must be an absolute URL"
    if "topic" in source:
        yield from _coding(source["topic"], f"{where}.topic", ("code", "system"))


def _suggestions(card: dict[str, Any], where: str) -> Faults:
    if "suggestions" not in card:
        return
    yield from _choice(card, "selectionBehavior", _SELECTION, where)
    yield from _each(card, "suggestions", _suggestion, where)
    offered = card["suggestions"] if isinstance(card["suggestions"], list) else []
    recommended = [s for s in offered if isinstance(s, dict) and s.get("isRecommended") is True]
    if len(recommended) > 1 and card.get("selectionBehavior") != "any":
        yield f"{where}.suggestions: more than one isRecommended needs selectionBehavior any"


def _suggestion(suggestion: dict[str, Any], where: str) -> Faults:
    yield from _required(suggestion, ("label",), where)
    yield from _text(suggestion, ("uuid",), where)
    yield from _each(suggestion, "actions", _action, where)


def _action(action: dict[str, Any], where: str) -> Faults:
    yield from _choice(action, "type", _ACTIONS, where)
    yield from _required(action, ("description",), where)
    resource, reference = action.get("resource"), action.get("resourceId")
    if action.get("type") == "delete":
        if not _reference(reference):
            yield f"{where}.resourceId: a delete needs 'Type/id'"
        if resource is not None:
            yield f"{where}.resource: not used by a delete"
    elif not (isinstance(resource, dict) and isinstance(resource.get("resourceType"), str)):
        yield f"{where}.resource: a {action.get('type')} needs the whole resource"
    if action.get("type") == "update" and isinstance(resource, dict) and not resource.get("id"):
        yield f"{where}.resource.id: an update needs it"


def _link(link: dict[str, Any], where: str) -> Faults:
    yield from _required(link, ("label",), where)
    yield from _choice(link, "type", ("absolute", "smart"), where)
    if not _absolute(link.get("url")):
        yield f"{where}.url: must be an absolute URL"
    if "appContext" in link and link.get("type") != "smart":
        yield f"{where}.appContext: only with a smart link"


def _reason(reason: dict[str, Any], where: str) -> Faults:
    yield from _coding(reason, where, ("code", "system", "display"))


def _coding(coding: Any, where: str, needed: tuple[str, ...]) -> Faults:
    if not isinstance(coding, dict):
        yield f"{where}: must be a Coding"
        return
    yield from _required(coding, needed, where)


def _required(held: dict[str, Any], keys: tuple[str, ...], where: str) -> Faults:
    for key in keys:
        value = held.get(key)
        if not isinstance(value, str) or not value.strip():
            yield f"{where}.{key}: required string"


def _text(held: dict[str, Any], keys: tuple[str, ...], where: str) -> Faults:
    for key in keys:
        if key in held and not isinstance(held[key], str):
            yield f"{where}.{key}: must be a string"


def _choice(held: dict[str, Any], key: str, allowed: tuple[str, ...], where: str) -> Faults:
    if held.get(key) not in allowed:
        yield f"{where}.{key}: must be one of {', '.join(allowed)}"


def _each(held: dict[str, Any], key: str, rule: Any, where: str) -> Faults:
    if key not in held:
        return
    if not isinstance(held[key], list):
        yield f"{where}.{key}: must be an array"
        return
    for n, entry in enumerate(held[key]):
        place = f"{where}.{key}[{n}]"
        if not isinstance(entry, dict):
            yield f"{place}: must be an object"
            continue
        yield from rule(entry, place)
        yield from _extension(entry, place)


def _extension(held: dict[str, Any], where: str) -> Faults:
    if "extension" not in held:
        return
    extension = held["extension"]
    if not isinstance(extension, dict):
        yield f"{where}.extension: must be an object"
        return
    for key in extension:
        if "." not in key:
            yield f"{where}.extension.{key}: not a reverse-domain key"


def _is_filled(response: dict[str, Any]) -> bool:
    """Is nothing in it null or empty? Told by its JSON, in which every empty value shows; where a
    text only looks like one, `_empties` is asked in vain."""
    try:
        text = orjson.dumps(response)
    except orjson.JSONEncodeError:
        return False
    return not any(empty in text for empty in _EMPTY)


def _empties(value: Any, where: str, allow: tuple[str, ...] = ()) -> Faults:
    """No attribute is null, '', [] or {} (only `cards` may be empty)."""
    if isinstance(value, dict):
        for key, held in value.items():
            place = f"{where}.{key}"
            if key not in allow and (held is None or held in ("", [], {})):
                yield f"{place}: empty or null, must be left out"
            yield from _empties(held, place)
    elif isinstance(value, list):
        for n, held in enumerate(value):
            if held is None or (isinstance(held, (str, list, dict)) and not held):
                yield f"{where}[{n}]: empty or null, must be left out"
            yield from _empties(held, f"{where}[{n}]")


def _absolute(url: Any) -> bool:
    if not isinstance(url, str) or url.split() != [url]:  # white space is what `split` parts at
        return False
    parts = urlsplit(url)
    return parts.scheme in ("http", "https") and bool(parts.netloc)


def _reference(value: Any) -> bool:
    if not isinstance(value, str) or value.count("/") != 1:
        return False
    kind, _, name = value.partition("/")
    return bool(name) and kind[:1].isupper() and kind.isalpha()
