"""Random patients, in the lines of `ward.py`: early signs, drugs, normal days, odd records."""

from hypothesis import strategies as st

MINUTES = st.one_of(st.integers(0, 180), st.integers(0, 72 * 60), st.integers(0, 12 * 24 * 60))
DRUGS = (
    "haloperidol", "olanzapine", "clozapine", "trifluoperazine", "metoclopramide", "levodopa",
    "sertraline", "lithium", "lorazepam", "paracetamol", "propofol", "metoprolol", "sevoflurane",
    "simvastatin", "chlorprothixene", "biperiden",
)  # fmt: skip
SIGNS = (
    "rigidity", "diaphoresis", "urinary_incontinence", "agitation", "delirium_screen", "stupor",
    "mutism", "catatonia", "tremor", "clonus", "hyperreflexia", "mydriasis", "seizure",
    "physical_restraint", "urinary_catheter", "active_cooling", "nil_by_mouth", "dysphagia",
    "stimulator_failure", "dystonia", "ventilated",
)  # fmt: skip
CONDITIONS = (
    "parkinson_disease", "dementia", "pneumonia", "serotonin_syndrome", "schizophrenia",
    "chronic_kidney_disease", "neuroleptic_malignant_syndrome", "nausea_vomiting",
)  # fmt: skip


def _numbers(
    what: str, low: float, high: float, places: int, *after: str
) -> st.SearchStrategy[str]:
    values = st.floats(low, high).map(lambda v: f"{v:.{places}f}")
    tails = st.sampled_from(after or ("",))
    return st.builds(lambda t, v, a: f"-{t}m {what} {v} {a}".strip(), MINUTES, values, tails)


VITALS = st.one_of(
    _numbers("temp", 36, 42, 1, "oral", "axillary", "rectal", "", "oral preliminary"),
    _numbers("HR", 50, 150, 0, "", "", "paced"),
    _numbers("RR", 10, 40, 0, "", "", "ventilator_set"),
    st.builds(
        lambda t, s, p: f"-{t}m BP {s}/{s - p}",
        MINUTES,
        st.integers(85, 200),
        st.integers(20, 60),
    ),
    _numbers("GCS", 8, 15, 0),
    _numbers("RASS", -4, 4, 0),
)
RESULTS = st.one_of(
    _numbers("CK", 50, 6000, 0, "uln 200", "", "uln 200 preliminary"),
    _numbers("WBC", 3, 22, 1),
    _numbers("CRP", 1, 200, 0, "uln 5"),
    _numbers("iron", 3, 20, 1),
    _numbers("lithium-level", 0.2, 3, 1, "uln 1.2"),
)
EXAMINATIONS = st.one_of(
    st.builds(
        lambda t, s, p, n: f"-{t}m {s} {p} {n}".strip(),
        MINUTES,
        st.sampled_from(SIGNS),
        st.sampled_from(("present", "absent")),
        st.sampled_from(("", "new", "old", "preliminary")),
    ),
    st.builds(lambda t, c: f"-{t}m acvpu {c}", MINUTES, st.sampled_from("ACVPU")),
    st.builds(
        lambda t, s: f"-{t}m rigidity uncertain {s}",
        MINUTES,
        st.sampled_from(("left", "right", "local")),
    ),
)
MEDICINES = st.one_of(
    st.builds(lambda t, d: f"-{t}m given {d} oral 5 mg", MINUTES, st.sampled_from(DRUGS)),
    st.builds(lambda t, d: f"-{t}m given {d} iv", MINUTES, st.sampled_from(DRUGS)),
    st.builds(
        lambda t, d, s: f"-{t}m order {d} oral 5 mg x3 {s}".strip(),
        MINUTES,
        st.sampled_from(DRUGS),
        st.sampled_from(("", "", "to -1h stopped", "to -30h stopped", "on-hold", "prn", "to +5h")),
    ),
    st.builds(lambda t: f"-{t}m given haloperidol depot product=haloperidol_decanoate", MINUTES),
    st.builds(
        lambda t, d, s: f"-{t}m dispensed {d} oral {s}".strip(),
        MINUTES,
        st.sampled_from(DRUGS),
        st.sampled_from(("", "to -1h", "to 5h", "to 10d")),
    ),
)
STATEMENTS = st.one_of(
    st.builds(lambda t: f"-{t}m medication_reconciled present", MINUTES),
    st.builds(lambda t: f"-{t}m workup_negative present", MINUTES),
    st.builds(lambda t: f"stay -{t}m", MINUTES),
    st.builds(lambda t, c: f"condition {c} -{t}m", MINUTES, st.sampled_from(CONDITIONS)),
    st.just("patient male 1980-01-01"),
)
LINES = st.lists(
    st.one_of(
        VITALS, VITALS, RESULTS, EXAMINATIONS, EXAMINATIONS, MEDICINES, MEDICINES, STATEMENTS
    ),
    max_size=40,
)
