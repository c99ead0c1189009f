"""Words on a card: escaping, clocks, quantities and the limit of a summary.

Everything that came from a chart passes `escape` (detail, Markdown) or `plain` (summary), so
that a drug name or a note can neither form a link nor markup in the reader's record.
"""

import re
import unicodedata
from collections.abc import Iterable
from datetime import datetime, timedelta, tzinfo
from decimal import Decimal, InvalidOperation

from alerts.statements import Datum
from alerts.wording import happened

# CDS Hooks 2.0.1: fewer than 140 characters. Counted in Unicode code points.
SUMMARY_MAX = 139
TEXT_MAX = 400

_UNITS = {
    "Cel": "°C",
    "mm[Hg]": "mmHg",
    "umol/L": "µmol/L",
    "10*9/L": "×10⁹/L",
    "10*3/uL": "×10³/µL",
    "{score}": "",
    "1": "",
}
_CITATION = re.compile(r"\[(?=[a-z0-9_, ]+\](?![(\[:]))([a-z0-9_, ]+)\]")
_MARKUP = re.compile(r"[\\`*\[\]|~]")
_ENTITY = re.compile(r"&(?=[#A-Za-z])")
_OPENING = re.compile(r"<(?![\s\d])")
_CLOSING = re.compile(r"(?<![\s\d])>")
_BLOCK = re.compile(r"^(#|>|\+|-|=)")
# nothing of this in a text: nothing to escape
_SPECIAL = re.compile(r"[\\`*\[\]|~<>&@_]|://|www\.|^[#+\-=]")
_EDGE_UNDERSCORE = re.compile(r"(?<![A-Za-z0-9])_|_(?![A-Za-z0-9])")


def plain(text: str, limit: int = TEXT_MAX) -> str:
    """One line without control, direction or private characters and without angle brackets."""
    flat = _one_line(text)
    if "<" in flat or ">" in flat:
        flat = flat.replace("<=", "≤").replace(">=", "≥").replace("<", "‹").replace(">", "›")
    return flat if len(flat) <= limit else flat[: limit - 1].rstrip() + "…"


def escape(text: str, limit: int = TEXT_MAX) -> str:
    """Text that stays text in Markdown, in HTML and where neither is rendered.

    Citation keys such as `[caroff_mann1993]` are kept as they are; they can form no link.
    """
    flat = _one_line(text)
    if len(flat) > limit:
        flat = flat[: limit - 1].rstrip() + "…"
    if not _SPECIAL.search(flat):
        return flat
    flat = flat.replace("<=", "≤").replace(">=", "≥")
    flat = flat.replace("://", ": //").replace("www.", "www ").replace("@", " at ")
    pieces: list[str] = []
    end = 0
    for match in _CITATION.finditer(flat):
        pieces += (_escaped(flat[end : match.start()]), match.group(0))
        end = match.end()
    return "".join([*pieces, _escaped(flat[end:])])


def _one_line(text: str) -> str:
    """Without control, direction, private or unassigned characters, spaces made single."""
    if text.isprintable():
        return " ".join(text.split()) if "  " in text or text != text.strip() else text
    kept = "".join(c if unicodedata.category(c)[0] != "C" else " " for c in text)
    return " ".join(kept.split())


def _escaped(text: str) -> str:
    if not _SPECIAL.search(text):
        return text
    text = _MARKUP.sub(r"\\\g<0>", text)
    if "_" in text:
        text = _EDGE_UNDERSCORE.sub(r"\\_", text)
    if "&" in text:
        text = _ENTITY.sub("&amp;", text)
    # `<` before a space or a digit opens no tag: "CK < 4 × ULN" stays readable
    if "<" in text or ">" in text:
        text = _CLOSING.sub("&gt;", _OPENING.sub("&lt;", text))
    return _BLOCK.sub(r"\\\1", text)


def fit(candidates: Iterable[str], limit: int = SUMMARY_MAX) -> str:
    """The first candidate that fits; else the last one, cut at a word."""
    last = ""
    for candidate in candidates:
        if not candidate:
            continue
        last = plain(candidate, TEXT_MAX)
        if len(last) <= limit:
            return last
    return last[: limit - 1].rsplit(" ", 1)[0].rstrip(" ,;:") + "…"


def age(since: timedelta) -> str:
    """'27 min ago', '5 h ago', '3 d ago'; 'in 2 h' when it lies ahead."""
    ahead = since < timedelta(0)
    minutes = int(abs(since).total_seconds() // 60)
    if minutes < 120:
        said = f"{minutes} min"
    elif minutes < 48 * 60:
        said = f"{minutes // 60} h"
    else:
        said = f"{minutes // (24 * 60)} d"
    return f"in {said}" if ahead else f"{said} ago"


def clock(at: datetime | None, as_of: datetime, zone: tzinfo) -> str:
    """Ward time, 24 h, with the age in brackets: '14:05 (27 min ago)'."""
    if at is None:
        return "time not recorded"
    return f"{moment(at, as_of, zone)} ({age(as_of - at)})"


def moment(at: datetime, as_of: datetime, zone: tzinfo) -> str:
    """Ward time: '14:05' today, '23 Nov 22:32' before, with the year when it is another."""
    local, now = at.astimezone(zone), as_of.astimezone(zone)
    if local.date() == now.date():
        return f"{local:%H:%M}"
    year = "" if local.year == now.year else f" {local.year}"
    return f"{local.day} {local:%b}{year} {local:%H:%M}"


def quantity(value: str, unit: str) -> str:
    """'39.8 °C', '4,200 U/L': thousands marked, units as a ward writes them."""
    shown = value.strip()
    try:
        number = Decimal(shown)
        if number.is_finite() and abs(number) >= 1000:
            shown = f"{number:,f}"
        elif unit == "Cel" and number == number.to_integral_value():
            shown = f"{number:.1f}"
    except InvalidOperation:
        pass
    return f"{shown} {_UNITS.get(unit, unit)}".strip()


_NAMES = {
    "body_temperature": "temperature",
    "creatine_kinase": "CK",
    "systolic_bp": "systolic BP",
    "diastolic_bp": "diastolic BP",
    "gcs_total": "GCS",
    "acvpu": "ACVPU",
    "rass": "RASS",
    "four_at": "4AT",
    "spo2": "SpO2",
    "wbc": "white cells",
}


def datum(fact: Datum, as_of: datetime, zone: tzinfo, *, bare: bool = False) -> str:
    """One fact with value, unit, time, source and label, escaped for the detail.

    `bare`: without its name, where the line has said it already.
    """
    name = "" if bare else _NAMES.get(fact.what, named(fact.what))
    value = quantity(named(fact.value), fact.unit)
    label = happened(fact.label) if fact.label.startswith("DAW-") else fact.label
    limit = f" {_UNITS.get(fact.unit, fact.unit)}" if fact.label.startswith("upper limit") else ""
    parts = [" ".join(p for p in (name, value, f"({label}{limit})" if label else "") if p)]
    parts.append(clock(fact.at, as_of, zone) if fact.source or fact.at else "no reading")
    if fact.source:
        parts.append(fact.source)
    return escape(", ".join(parts))


# keys that hold a proper name or an abbreviation
_PROPER = {
    "dbs_failure": "DBS failure",
    "parkinson_disease": "Parkinson disease",
    "lewy_body_dementia": "Lewy body dementia",
    "huntington_chorea": "Huntington chorea",
    "elevated_ck": "elevated CK",
    "prolonged_qt": "prolonged QT",
    "dic": "DIC",
    "egfr": "eGFR",
    "alt": "ALT",
    "nms": "NMS",
    "nms_history": "earlier NMS",
    "nms_suspected": "suspected NMS",
    "nms_watch": "early signs of NMS",
    "nms_hyperthermia": "hyperthermia of NMS",
    "qtc_prolonged": "prolonged QTc",
}


def named(key: str) -> str:
    """A key as words: 'body_temperature' is shown as 'body temperature'."""
    bare = key.removeprefix("condition:")
    words = _PROPER.get(bare) or bare.replace("_", " ")
    return words.replace("parkinson ", "Parkinson ") if "parkinson " in words else words


def joined(items: Iterable[str], last: str = "and") -> str:
    """'a', 'a and b', 'a, b and c'."""
    kept = list(dict.fromkeys(i for i in items if i))
    if len(kept) < 2:
        return "".join(kept)
    return f"{', '.join(kept[:-1])} {last} {kept[-1]}"
