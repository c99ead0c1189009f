"""What must hold for any input: order, case and blanks never matter, unknown codes never match."""

import csv
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from service.fhir.terminology import terminology
from service.fhir.terminology.tables import rows
from service.fhir.units import Quantity, UnitFault, concept_units, normalise, ucum

HERE = Path(__file__).parent
SYSTEMS = [
    "http://www.nlm.nih.gov/research/umls/rxnorm", "http://loinc.org", "http://snomed.info/sct",
    "http://hl7.org/fhir/sid/ndc", "http://www.whocc.no/atc", "http://hl7.org/fhir/sid/icd-10-cm",
    "urn:local", "",
]  # fmt: skip
CODINGS = st.lists(
    st.tuples(
        st.sampled_from(SYSTEMS),
        st.sampled_from(["859867", "8310-5", "8331-1", "2157-6", "13969-1", "N05AD01", "N05AX17",
                         "G21.0", "2776000", "6", "x", "00002323030", "85354-9", "8480-6", "2019"]),
    ),
    max_size=5,
)  # fmt: skip


def drug_texts() -> list[str]:
    with (HERE / "mapping_cases.csv").open(encoding="utf-8", newline="") as file:
        return [r["input_text"] for r in csv.DictReader(file) if r["kind"] == "medication_text"]


@given(codings=CODINGS, data=st.data())
@settings(max_examples=200, deadline=None)
def test_the_order_of_codings_never_matters(
    codings: list[tuple[str, str]], data: st.DataObject
) -> None:
    known, other = terminology(), data.draw(st.permutations(codings))
    assert known.drug(codings) == known.drug(other)
    assert known.observation(codings) == known.observation(other)
    assert known.findings(codings) == known.findings(other)


@given(text=st.sampled_from(drug_texts()), data=st.data())
@settings(max_examples=200, deadline=None)
def test_case_and_blanks_never_matter_to_a_drug(text: str, data: st.DataObject) -> None:
    known = terminology()
    cased = "".join(c.upper() if data.draw(st.booleans()) else c.lower() for c in text)
    spaced = (
        "  " + cased.replace(" ", data.draw(st.sampled_from([" ", "  ", "\t", "\u00a0"]))) + " "
    )
    wanted, got = known.drug((), text), known.drug((), spaced)
    assert got.ingredients == wanted.ingredients
    assert (got.long_acting, got.product) == (wanted.long_acting, wanted.product)


@given(
    system=st.sampled_from(SYSTEMS),
    code=st.text(alphabet="0123456789-.ABCXYZ ", max_size=14),
)
@settings(max_examples=500, deadline=None)
def test_a_code_matches_only_when_it_is_in_a_table(system: str, code: str) -> None:
    known = terminology()
    plain = code.strip()
    if system in ("", "urn:local"):
        assert not known.drug([(system, code)])
        assert known.observation([(system, code)]) is None
        assert known.findings([(system, code)]) == ()
        return
    listed = {row["code"] for row in rows("observations.csv")}
    if plain not in listed:
        assert known.observation([(system, code)]) is None


@given(text=st.text(max_size=80))
@settings(max_examples=300, deadline=None)
def test_no_text_breaks_a_look_up(text: str) -> None:
    known = terminology()
    assert known.drug((), text).ingredients == tuple(sorted(set(known.drug((), text).ingredients)))
    known.observation((), text)
    known.findings((), text)
    known.answer("avpu", (), text)


@given(
    concept=st.sampled_from(sorted(concept_units())),
    unit=st.sampled_from(sorted(ucum())),
    value=st.floats(min_value=0.001, max_value=1e6),
)
@settings(max_examples=500, deadline=None)
def test_a_conversion_is_monotonic_or_refused(concept: str, unit: str, value: float) -> None:
    made, double = normalise(concept, value, unit), normalise(concept, value * 2, unit)
    if isinstance(made, UnitFault):
        assert unit not in concept_units()[concept].scales
        assert isinstance(double, UnitFault)
        return
    assert isinstance(double, Quantity)
    assert double.value >= made.value
    assert made.unit == concept_units()[concept].stored


@given(unit=st.text(min_size=1, max_size=12), value=st.floats(min_value=1, max_value=100))
@settings(max_examples=300, deadline=None)
def test_an_unknown_unit_never_gives_a_number(unit: str, value: float) -> None:
    from service.fhir.units import units_of

    made = normalise("creatine_kinase", value, unit)
    if isinstance(made, Quantity):
        assert units_of(unit)


@pytest.mark.parametrize("text", drug_texts())
def test_the_union_of_two_orders_is_read_from_one_text(text: str) -> None:
    known = terminology()
    alone = set(known.drug((), text).ingredients)
    both = set(known.drug((), f"{text}; olanzapine 5 mg tablet").ingredients)
    assert both >= {"olanzapine"}
    if alone:
        assert alone <= both
