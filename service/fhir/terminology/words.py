"""Text as written on wards and in order systems, made comparable. No meaning here."""

import re
import unicodedata
from functools import lru_cache

ZERO_WIDTH = dict.fromkeys(map(ord, "\u200b\u200c\u200d\u2060\ufeff\u00ad"))
_TOKEN = re.compile(r"[a-z0-9]+")
_STRENGTH = re.compile(
    r"(?<![\w.])(\d+(?:[.,]\d+)?)\s*(mg|mcg|µg|ug|g|units?|meq|mmol|%|micrograms?|"
    r"milligrams?)(?:\s*(?:/|per)\s*(\d+(?:[.,]\d+)?)?\s*(ml|hr|h|24\s?h(?:r|ours)?|l|g)\b)?",
    re.IGNORECASE,
)


_SAME_UNIT = {
    "milligram": "mg", "milligrams": "mg", "µg": "mcg", "ug": "mcg", "microgram": "mcg",
    "micrograms": "mcg",
}  # fmt: skip


# German writes a drug and its salt as one word: "Flupentixoldecanoat".
_FUSED_SALT = re.compile(
    r"\b([a-z]{5,}?)(de[ck]anoat|enantat|palmitat|pamoat|embonat|carbonat|sulfat|succinat|"
    r"hydrogenmaleat|maleat|fumarat|dihydrochlorid|hydrochlorid|mesilat|tartrat|acetat)\b"
)


def plain(text: str) -> str:
    """Lower case, no accents, no invisible characters, single blanks; a salt apart."""
    folded = unicodedata.normalize("NFKD", text.translate(ZERO_WIDTH)).lower()
    if not folded.isascii():
        folded = "".join(c for c in folded if not unicodedata.combining(c))
        folded = folded.replace("ß", "ss").replace("ø", "o").replace("œ", "oe").replace("æ", "ae")
    return " ".join(_FUSED_SALT.sub(r"\1 \2", folded).split())


@lru_cache(maxsize=4096)
def tokens(text: str) -> tuple[str, ...]:
    """The words and numbers of a text."""
    return tuple(_TOKEN.findall(plain(text)))


def phrase(text: str) -> str:
    """A text as the blank-joined words of it: the key of names."""
    return " ".join(tokens(text))


def strengths(text: str) -> tuple[str, ...]:
    """Strengths as "value unit" or "value unit/unit", per one millilitre where volumes are told."""
    found = []
    for amount, written, per, of in _STRENGTH.findall(text):
        value = float(amount.replace(",", "."))
        unit = _SAME_UNIT.get(written.lower(), written.lower())
        found.append(f"{value:g} {unit}")
        if of.lower() == "ml":
            volume = float(per.replace(",", ".")) if per else 1.0
            if volume == 1:
                found[-1] = f"{value:.4g} {unit}/ml"
            elif volume > 0:
                found.append(f"{value / volume:.4g} {unit}/ml")
    return tuple(found)
