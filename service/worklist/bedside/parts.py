"""What the bedside check asks, in the words of a ward (SPEC 1.2, 4.4), each answer one tap."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from alerts.chart import SignKind


class Part(NamedTuple):
    """One question. `choices`: code -> words; no answer is "not assessed" and is not sent."""

    kind: SignKind
    legend: str
    how: str
    choices: dict[str, str]


_YES_NO = {"absent": "No", "present": "Yes"}

PARTS: tuple[Part, ...] = (
    Part(
        SignKind.RIGIDITY,
        "Tone",
        "move elbows, knees and neck slowly, then fast",
        {
            "normal": "Normal",
            "increased": "Increased",
            "cogwheel": "Cogwheel",
            "lead_pipe": "Lead-pipe",
        },
    ),
    Part(
        SignKind.ACVPU,
        "Consciousness",
        "best response now",
        {
            "A": "Alert",
            "C": "New confusion",
            "V": "Responds to voice",
            "P": "Responds to pain",
            "U": "Unresponsive",
        },
    ),
    Part(
        SignKind.DELIRIUM_SCREEN,
        "Delirium screen",
        "4AT, CAM or the one of your ward",
        {"negative": "Negative", "positive": "Positive"},
    ),
    Part(SignKind.DIAPHORESIS, "Sweating", "face, trunk, sheets", _YES_NO),
    Part(
        SignKind.CLONUS,
        "Clonus",
        "ankle and eyes: points to serotonin toxicity",
        {
            "absent": "None",
            "inducible": "Inducible",
            "spontaneous": "Spontaneous",
            "ocular": "Ocular",
        },
    ),
    Part(
        SignKind.HYPERREFLEXIA,
        "Reflexes",
        "brisk points to serotonin toxicity",
        {"absent": "Not brisk", "present": "Brisk"},
    ),
    Part(
        SignKind.MYDRIASIS,
        "Pupils",
        "wide points to serotonin or anticholinergic toxicity",
        {"absent": "Not wide", "present": "Wide"},
    ),
    Part(SignKind.TREMOR, "Tremor", "hands, at rest and held out", _YES_NO),
    Part(SignKind.URINARY_INCONTINENCE, "New incontinence", "of urine", _YES_NO),
    Part(SignKind.MUTISM, "Mutism", "awake and does not speak", _YES_NO),
    Part(
        SignKind.CATATONIA,
        "Posturing or staring",
        "holds odd postures, stares, resists: think of catatonia",
        _YES_NO,
    ),
    Part(
        SignKind.WORKUP_NEGATIVE,
        "Work-up for other causes",
        "infection, toxic, metabolic, neurological: your statement",
        {"present": "Done and negative", "absent": "Something was found"},
    ),
)
# needs May.ATTEST
ATTESTED = frozenset({SignKind.WORKUP_NEGATIVE})

TEMPERATURE, SITE, GCS, NEW = "body_temperature", "site", "gcs_total", "rigidity_new"
TEMPERATURES, TOTALS = (25.0, 45.0), (3, 15)
# site -> (words, LOINC code of the temperature taken there)
SITES: Mapping[str, tuple[str, str]] = {
    "oral": ("Mouth", "8331-1"),
    "tympanic": ("Ear", "8333-7"),
    "axillary": ("Armpit", "8328-7"),
    "temporal": ("Forehead, temporal artery", "75539-7"),
    "rectal": ("Rectal", "8332-9"),
    "bladder": ("Bladder", "8334-5"),
    "core": ("Core, other", "8329-5"),
    "": ("not told", "8310-5"),
}

# finding or request of the assessment -> the questions that would answer it
_ANSWERS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("RIG", ("rigidity",)),
    ("MS", ("acvpu", "delirium_screen")),
    ("HYP", (TEMPERATURE,)),
    ("DIAPH", ("diaphoresis",)),
    ("NEXT-TEMP", (TEMPERATURE,)),
    ("NEXT-TONE", ("rigidity",)),
    ("NEXT-MS", ("acvpu", "delirium_screen")),
    ("NEXT-REFLEX", ("clonus", "hyperreflexia", "mydriasis")),
    ("NEXT-CATA", ("mutism", "catatonia")),
    ("NEG", ("workup_negative",)),
)


def missing(said: Mapping[str, Any]) -> list[str]:
    """The questions whose answer the assessment lacks, most telling first."""
    asked = set(said["ask_next"])
    unknown = {key for key, found in said["findings"].items() if found["state"] == "unknown"}
    found = [name for key, names in _ANSWERS if key in asked | unknown for name in names]
    return list(dict.fromkeys(found))


def form(said: Mapping[str, Any], *, attest: bool) -> dict[str, list[dict[str, Any]]]:
    """The questions for a page: `first` what is missing, `more` the rest."""
    offered = [part for part in PARTS if attest or part.kind not in ATTESTED]
    questions: dict[str, dict[str, Any]] = {
        part.kind.value: {
            "name": part.kind.value,
            "legend": part.legend,
            "how": part.how,
            "choices": part.choices,
        }
        for part in offered
    }
    thermometer = {"name": TEMPERATURE, "legend": "Temperature", "how": "and where it was taken"}
    order = ["rigidity", "acvpu", TEMPERATURE, *(p.kind.value for p in offered[2:])]
    questions[TEMPERATURE] = {**thermometer, "choices": {}}
    first = [name for name in missing(said) if name in questions]
    return {
        "first": [questions[name] for name in first],
        "more": [questions[name] for name in order if name not in first],
    }
