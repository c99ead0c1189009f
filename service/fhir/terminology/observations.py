"""What was measured: the most specific known code of an observation, then its text."""

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache

from service.fhir.terminology.matches import ConceptMatch
from service.fhir.terminology.systems import LOINC, system_key, well_formed
from service.fhir.terminology.tables import OBSERVATION_FILES, rows
from service.fhir.terminology.words import ZERO_WIDTH

NEGATIVE = ("_excluded", "_ctrl")
# A panel or a general heading yields to anything more specific (field facts 25, 26).
GENERAL = frozenset({"bp_panel", "consciousness_level", "muscle_tone_rigidity", "incontinence"})
# Concepts of blood: another specimen makes another measurement.
FLUIDS = frozenset(
    (
        *("creatine_kinase", "wbc", "neutrophils", "creatinine", "egfr", "potassium", "sodium"),
        *("calcium", "ionised_calcium", "phosphate", "magnesium", "iron", "ferritin"),
        *("iron_binding_capacity", "transferrin_saturation", "ast", "alt", "ldh", "inr"),
        *("bilirubin_total", "platelets", "d_dimer", "lactate", "ph_blood", "base_excess"),
        *("bicarbonate", "pco2", "procalcitonin", "crp", "tsh", "free_t4", "urea_nitrogen"),
        *("urate", "glucose", "troponin", "lithium_level", "prothrombin_time", "fibrinogen"),
        *("plasma_metanephrines", "drug_level", "osmol_gap"),
    )
)
WHOLE = 0.6  # share of a text that a name must make up beside an unlisted LOINC code
UNSPECIFIC_CODES = frozenset({"8716-3", "34566-0", "29274-8"})  # vital-sign groups, never decide
_SITES = (
    ("oral", r"\boral|\bsublingual|\bmouth\b|\bpo\b"),
    ("rectal", r"\brectal|\brectum"),
    ("bladder", r"\bbladder|\bfoley"),
    ("oesophageal", r"\bo?esoph"),
    ("pulmonary_artery", r"\bpulmonary art|\bpa temp|\bswan"),
    ("intravascular", r"\bintravascular|\bblood temp"),
    ("core", r"\bcore\b"),
    ("axillary", r"\baxill"),
    ("tympanic", r"\btympan|\bear\b|\baural"),
    ("temporal", r"\btemporal"),
    ("forehead", r"\bforehead"),
    ("skin", r"\bskin"),
)


class Observations:
    """Codes and text patterns of measurements and bedside scores."""

    def __init__(self, extra: Mapping[tuple[str, str], ConceptMatch]) -> None:
        self._codes: dict[tuple[str, str], ConceptMatch] = dict(extra)
        for row in (r for name in OBSERVATION_FILES for r in rows(name)):
            concept = row["concept"]
            self._codes[row["system"], row["code"]] = ConceptMatch(
                concept,
                f"{row['system'].upper()} {row['code']} {row['display']}".strip(),
                row["site"] or None,
                row["unit"] or None,
                concept.endswith(NEGATIVE),
            )
        self._fill_excluded()
        self._read_patterns()
        self._sites = [(site, re.compile(pattern)) for site, pattern in _SITES]
        self.by_text = lru_cache(maxsize=8192)(self._by_text)

    def _fill_excluded(self) -> None:
        """A code listed both as a measurement and as negative is negative."""
        for row in rows("observations.csv"):
            if row["concept"].endswith(NEGATIVE):
                key = (row["system"], row["code"])
                known = self._codes[key]
                self._codes[key] = ConceptMatch(row["concept"], known.how, known.site, None, True)

    def _read_patterns(self) -> None:
        self._match: list[tuple[str, re.Pattern[str]]] = []
        self._exclude: list[tuple[str, re.Pattern[str]]] = []
        for row in rows("authored_observation_text.csv"):
            target = self._exclude if row["kind"] == "exclude" else self._match
            target.append((row["concept"], re.compile(row["pattern"], re.IGNORECASE)))
        for row in rows("observation_text.csv"):
            concept = row["concept"]
            if not concept.endswith(NEGATIVE):  # the negative texts are in the authored file
                self._match.append((concept, re.compile(row["pattern"], re.IGNORECASE)))

    def match(self, codings: Sequence[tuple[str, str]], text: str) -> ConceptMatch | None:
        ranked: list[tuple[tuple[int, int, str], ConceptMatch]] = []
        for system, code in codings:
            if code in UNSPECIFIC_CODES:
                continue
            hit = self._codes.get((system_key(system or ""), (code or "").strip()))
            if hit is None:
                continue
            rank = (
                0 if hit.excluded else 2 if hit.concept in GENERAL else 1,
                0 if hit.site else 1,
                hit.concept + hit.how,
            )
            ranked.append((rank, hit))
        if ranked:
            first, best = min(ranked, key=lambda one: one[0])
            equal = {hit.concept: hit for rank, hit in ranked if rank[0] == first[0]}
            known = self._told_by_text(equal, text) if first[0] == 1 and len(equal) > 1 else best
            return self._with_site(known, text) if known is not None else None
        if not text:
            return None
        unlisted = any(
            system_key(system or "") == LOINC and well_formed(LOINC, code or "")
            for system, code in codings
        )
        return self.by_text(text, unlisted)

    def _told_by_text(self, equal: dict[str, ConceptMatch], text: str) -> ConceptMatch | None:
        """Of codes that mean different measurements the one that the text names: never a guess."""
        chosen = _only(dict.fromkeys(equal, 1))
        if chosen is None and text and (named := self.by_text(text)) is not None:
            chosen = named.concept
        return equal.get(chosen) if chosen is not None else None

    def _with_site(self, hit: ConceptMatch, text: str) -> ConceptMatch:
        """The site of a temperature may stand only in the text (field fact 28)."""
        if hit.concept != "body_temperature" or hit.site or not text:
            return hit
        site = self._site(text.lower())
        return ConceptMatch(hit.concept, hit.how, site, hit.code_unit) if site else hit

    def _site(self, text: str) -> str | None:
        return next((site for site, pattern in self._sites if pattern.search(text)), None)

    def _by_text(self, text: str, unlisted: bool = False) -> ConceptMatch | None:
        """`unlisted`: a LOINC code that we do not list came with it, so the text must be little
        more than the name ("Leukocytes", not "Basophils/100 leukocytes")."""
        words = " ".join(text.translate(ZERO_WIDTH).replace("_", " ").split())
        found: dict[str, int] = {}
        for concept, pattern in self._match:
            hit = pattern.search(words)
            if hit is not None:
                found[concept] = max(found.get(concept, 0), len(hit.group()))
        excluded = self._excluded(words, found)
        if excluded is not None:
            return excluded
        chosen = _only(found)
        if chosen is None or (unlisted and found[chosen] < WHOLE * len(words)):
            return None  # nothing, or several readings: never a guess
        site = self._site(words.lower()) if chosen == "body_temperature" else None
        return ConceptMatch(chosen, f"text {words!r}", site)

    def _excluded(self, words: str, found: dict[str, int]) -> ConceptMatch | None:
        """Takes what is excluded out of `found`; answers when nothing is left."""
        first: ConceptMatch | None = None
        for concept, pattern in self._exclude:
            hit = pattern.search(words)
            if hit is None:
                continue
            how = f"text: {hit.group()!r} is not this measurement"
            if concept == "*" and found:
                return ConceptMatch("measurement_excluded", how, excluded=True)
            told = set(found) & FLUIDS if concept == "*blood" else {concept} & set(found)
            if not told and not (concept == "creatine_kinase" and not found):
                continue
            for key in told:
                del found[key]
            name = {"*blood": "specimen", "body_temperature": "temperature"}.get(concept, concept)
            first = first or ConceptMatch(f"{name}_excluded", how, excluded=True)
        return None if found else first


def _only(found: dict[str, int]) -> str | None:
    special = [c for c in found if c not in GENERAL]
    if any(c.startswith("gcs_") and c != "gcs_total" for c in special):
        special = [c for c in special if c != "gcs_total"]
    chosen = special or list(found)
    return chosen[0] if len(chosen) == 1 else None


_ANSWER_WORDS = {
    "avpu": (
        (r"a|(?:fully )?alert|awake(?:(?: and|,) alert)?", "A"),
        (r"alert(?: and|,) (?:awake|orient(?:at)?ed)", "A"),
        # all four: "x3" is all of it in one house and a loss in another
        (
            r"(?:a ?[&+/] ?o|aao|alert(?:,? awake)?,?(?: and)? orient(?:at)?ed) ?(?:[x×] ?4(?:/4)?"
            r"|to person, place, time,?(?: and)? (?:situation|event|circumstances?))",
            "A",
        ),
        (
            r"c|(?:new(?:ly)? |acute(?:ly)? )?confus(?:ed|ion)|confus(?:ed|ion)(?:,| -)? \(?new\)?",
            "C",
        ),
        (r"v|voice|verbal|(?:responds|responsive) to (?:voice|verbal\w*(?: stimul\w+)?)", "V"),
        (r"p|pain|(?:responds|responsive) to pain(?:ful)?(?: stimul\w+)?", "P"),
        (r"u|unresponsive|unconscious|no response", "U"),
    ),
    "*": (
        (r"\+|pos(?:itive)?|present|detected|yes|delirious|delirium(?: present)?", "positive"),
        (r"-|neg(?:ative)?|absent|not detected|no|none|no delirium", "negative"),
    ),
}


class Answers:
    """Coded and written answers of scales: AVPU, RASS, GCS, CAM."""

    def __init__(self, extra: Mapping[tuple[str, str], tuple[str, str]]) -> None:
        self._codes = {
            (r["system"], r["code"]): (r["concept"], r["value"]) for r in rows("answers.csv")
        } | dict(extra)
        self._words = {
            concept: [(re.compile(pattern, re.IGNORECASE), value) for pattern, value in pairs]
            for concept, pairs in _ANSWER_WORDS.items()
        }

    def match(self, concept: str, codings: Sequence[tuple[str, str]], text: str) -> str | None:
        for system, code in codings:
            hit = self._codes.get((system_key(system or ""), (code or "").strip()))
            if hit is not None and (hit[0] == concept or hit[1] in ("positive", "negative")):
                return hit[1]
        words = " ".join(text.split()).strip(" .")
        if not words:
            return None
        for pattern, value in self._words.get(concept, self._words["*"]):
            if pattern.fullmatch(words):
                return value
        number = re.match(r"([+-]?\d{1,2})(?!\d)", words)
        return number[1].lstrip("+") if number and concept in NUMBERED else None


NUMBERED = frozenset(
    {"rass", "gcs_total", "gcs_eye", "gcs_verbal", "gcs_motor", "four_at", "icdsc"}
)
