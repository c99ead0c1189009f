"""Sentences with the numbers of the rules in them: what is said is what is read.

"no reading above {hyp.threshold_c} °C in {temp1.window_h} h" says 38.0 and 24, and another number
as soon as an overlay gives one. A temperature keeps one decimal; how else a number is written
stands after a colon: word (two), weeks (of days), percent (1.25 is 25 % above), signed (+2),
short (40).
"""

import re
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from alerts.knowledge.records import Parameter

_FIELD = re.compile(r"\{([^{}:]+)(?::(\w+))?\}")
_WORDS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")


def sentence(text: str, parameters: Mapping[str, "Parameter"]) -> str:
    """The text with its numbers. KeyError for a parameter or a way of writing that is not known."""

    def written(found: re.Match[str]) -> str:
        known = parameters[found[1]]
        way = found[2] or ("decimal" if known.unit == "Cel" else "short")
        return _WAYS[way](known.value)

    return _FIELD.sub(written, text)


def named(text: str) -> list[str]:
    """The parameters whose numbers the text says, in its order."""
    return [found[1] for found in _FIELD.finditer(text)]


def _short(value: float) -> str:
    return f"{value:.0f}" if value == int(value) else f"{value:.6g}"


def _decimal(value: float) -> str:
    return f"{value:.1f}" if value == int(value) else _short(value)


def _word(value: float) -> str:
    return _WORDS[int(value)] if value in range(len(_WORDS)) else _short(value)


_WAYS: Mapping[str, Callable[[float], str]] = {
    "short": _short,
    "decimal": _decimal,
    "word": _word,
    "weeks": lambda days: _short(days / 7),
    "percent": lambda ratio: _short(round(100 * (ratio - 1), 6)),
    "signed": lambda value: f"{value:+g}",
}
