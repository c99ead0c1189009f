"""JSON of one resource, opened one level at a time.

The hot path never builds the objects it does not need: a resource becomes a dict of raw
elements (2 µs), and only elements that a rule reads are decoded, repeated ones once.
"""

import json
import re
from collections.abc import Callable, Iterator
from decimal import Decimal, InvalidOperation
from typing import Any, TypeVar

import msgspec

Fields = dict[str, msgspec.Raw]
T = TypeVar("T")

_FIELDS = msgspec.json.Decoder(dict[str, msgspec.Raw])
_LIST = msgspec.json.Decoder(list[msgspec.Raw])
_BLANKS = b" \n\r\t"
_INVISIBLE = re.compile("[\u200b\u200c\u200d\u2060\ufeff\u00ad]")
# Elements longer than this are not remembered: the memory of all memos stays bounded.
REMEMBERED_BYTES = 2048
REMEMBERED = 4096


class DuplicateKey(ValueError):
    """An object names the same key twice: which one counts would be a guess."""


def fields(raw: msgspec.Raw | bytes) -> Fields:
    """The elements of an object. Raises msgspec.DecodeError, DuplicateKey."""
    found = _FIELDS.decode(raw)
    # Written without blanks, an object is exactly as long as its parts: a key that came twice
    # would be missing from the sum.
    if len(raw) != 1 + sum(map(len, found)) + sum(map(len, found.values())) + 4 * len(found):
        _check_loose(raw, found)
    return found


def _check_loose(raw: msgspec.Raw | bytes, found: Fields) -> None:
    text = bytes(raw)
    packed = len(text.translate(None, _BLANKS))
    keys = sum(len(k.translate(_NO_BLANKS)) + 4 for k in found)
    values = len(b"".join(map(bytes, found.values())).translate(None, _BLANKS))
    if found and packed != 1 + keys + values:
        decoded(text)


_NO_BLANKS = {ord(" "): None, ord("\n"): None, ord("\r"): None, ord("\t"): None}


def elements(raw: msgspec.Raw | bytes) -> list[msgspec.Raw]:
    """The elements of an array; an object where an array should be counts as one (fact 58)."""
    text = bytes(raw).lstrip(_BLANKS)
    if text.startswith(b"{"):
        return [msgspec.Raw(text)]
    return _LIST.decode(text)


def _pairs(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise DuplicateKey
    return found


def _no_constant(name: str) -> Any:
    raise ValueError(name)


def _decimal(text: str) -> Any:
    try:
        return Decimal(text)
    except InvalidOperation:
        return text


_DECODE = json.JSONDecoder(
    object_pairs_hook=_pairs, parse_float=_decimal, parse_int=_decimal, parse_constant=_no_constant
).decode


def decoded(raw: msgspec.Raw | bytes) -> Any:
    """Plain objects, numbers as Decimal. Raises ValueError; DuplicateKey for a key told twice."""
    text = bytes(raw)
    if text[:1] == b'"' and b"\\" not in text:
        return str(text[1:-1], "utf-8")  # the decoder has checked that it is one string
    return _DECODE(str(text, "utf-8"))


def value_of(found: Fields, *names: str) -> Any:
    """The decoded value of the first of `names` that is there; None when none is."""
    for name in names:
        raw = found.get(name)
        if raw is not None:
            return decoded(raw)
    return None


class Memo(dict[bytes, T]):
    """`memo[element]`: what an element says, by its bytes, each distinct one read once.

    Bounded: emptied when full; long elements are read each time. A hit is one look into a dict,
    which is why this is no lru_cache.
    """

    __slots__ = ("_read",)

    def __init__(self, read: Callable[[bytes], T]) -> None:
        super().__init__()
        self._read = read

    def __missing__(self, element: bytes) -> T:
        told = self._read(element)
        if len(element) <= REMEMBERED_BYTES:
            if len(self) >= REMEMBERED:
                self.clear()
            self[element] = told
        return told


def string(value: Any) -> str:
    """A text as people read it: no zero-width characters, blanks collapsed; "" for no text."""
    if not isinstance(value, str):
        return ""
    if not value.isascii():
        value = _INVISIBLE.sub("", value)
    return " ".join(value.split())


def code(value: Any) -> str:
    """A code, trimmed and in lower case ("entered-in-error " retracts, fact 80)."""
    return value.strip().lower() if isinstance(value, str) else ""


def objects(value: Any) -> Iterator[dict[str, Any]]:
    """The objects of a list, or the one object that stands where a list should be."""
    if isinstance(value, dict):
        yield value
    elif isinstance(value, list):
        yield from (item for item in value if isinstance(item, dict))
