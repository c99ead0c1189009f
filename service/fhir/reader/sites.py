"""Where a temperature was taken: words and body sites -> the sites of the chart (TEMP-02)."""

import re

# First match wins. Wording is ours; what each site proves is decided in alerts.
_SITES = tuple(
    (site, re.compile(pattern, re.I))
    for site, pattern in (
        ("pulmonary_artery", r"pulmonary artery|\bPA catheter\b|swan"),
        ("oesophageal", r"o?esophag"),
        ("bladder", r"bladder|foley|urinary"),
        ("rectal", r"rect(?:al|um)\b|\banal\b"),
        ("intravascular", r"intravascular|\bblood\b|arterial line|central venous"),
        ("tympanic", r"tympan|\bear\b|\baural\b|auditory canal"),
        ("temporal", r"temporal"),
        ("forehead", r"forehead|\bbrow\b"),
        ("axillary", r"axill|armpit"),
        ("skin", r"\bskin\b|surface|groin|inguinal|finger|toe"),
        ("oral", r"\boral(?:ly)?\b|\bmouth\b|sublingual|buccal"),
        ("core", r"\bcore\b|nasopharyn|myocard|\bbrain\b"),
    )
)


def site_in(words: str) -> str | None:
    """The site that the words name; None when they name none, or more than one."""
    found = {site for site, pattern in _SITES if pattern.search(words)}
    if "core" in found and len(found) == 2:
        found.discard("core")  # "core temperature, oesophageal"
    return found.pop() if len(found) == 1 else None
