"""Drug codes: systems by any name, every layout of an NDC, shapes, disagreement."""

import gzip
from pathlib import Path

import pytest

from alerts.truth import FALSE, TRUE, UNKNOWN
from service.fhir.terminology import terminology
from service.fhir.terminology.ndc import eleven
from service.fhir.terminology.systems import system_key, well_formed
from service.fhir.terminology.tables import DATA

RXNORM = "http://www.nlm.nih.gov/research/umls/rxnorm"
NDC = "http://hl7.org/fhir/sid/ndc"


def ingredients(*codings: tuple[str, str], text: str = "") -> str:
    return "|".join(terminology().drug(codings, text).ingredients)


@pytest.mark.parametrize(
    ("address", "key"),
    [
        (RXNORM, "rxnorm"), (RXNORM + "/", "rxnorm"), ("urn:oid:2.16.840.1.113883.6.88", "rxnorm"),
        ("2.16.840.1.113883.6.88", "rxnorm"), ("RxNorm", "rxnorm"),
        ("http://www.snomed.info/sct", "sct"), ("http://snomed.info/sct/731000124108", "sct"),
        ("https://dmd.nhs.uk/", "dmd"), ("https://dmd.nhs.uk", "dmd"),
        ("HTTP://LOINC.ORG", "loinc"),
        ("https://loinc.org/", "loinc"), ("http://hl7.org/fhir/sid/icd-10-cm", "icd10cm"),
        ("urn:oid:1.2.3", "urn:oid:1.2.3"), ("", ""),
    ],
)  # fmt: skip
def test_a_system_by_any_of_its_names(address: str, key: str) -> None:
    assert system_key(address) == key


@pytest.mark.parametrize(
    ("code", "digits"),
    [
        ("00002-3230-30", ("00002323030",)),
        ("0002-3230-30", ("00002323030",)),  # 4-4-2
        ("50090-001-02", ("50090000102",)),  # 5-3-2
        ("50090-0001-2", ("50090000102",)),  # 5-4-1
        ("50090-0001", ("500900001",)),  # no package: the nine digits
        ("00002323030", ("00002323030",)),
        ("000002323030", ("00002323030",)),
        ("0002323030", ("00002323030", "00023023030", "00023230300")),
        ("2669", ()),
        ("1-2-3-4", ()),
        ("00002-3230-300", ()),
        ("abc", ()),
    ],
)
def test_the_digits_of_an_ndc(code: str, digits: tuple[str, ...]) -> None:
    assert eleven(code) == digits


@pytest.mark.parametrize(
    "code", ["00002323030", "0002-3230-30", "00002-3230-30", "2-3230-30", " 00002-3230-30 "]
)
def test_one_drug_in_every_layout(code: str) -> None:
    assert ingredients((NDC, code)) == "fluoxetine|olanzapine"


def ambiguous() -> str:
    """Ten digits of which two layouts are listed, for different drugs."""
    codes = terminology().drugs.codes
    numbers = {f"{number:011d}" for number in codes._ndc[0]}
    for number in sorted(numbers):
        for cut in (0, 5, 9):  # the zero that a layout leaves out
            if number[cut] != "0":
                continue
            ten = number[:cut] + number[cut + 1 :]
            listed = [d for d in eleven(ten) if d in numbers]
            if len({p.ingredients for d in listed for p in codes.ndc(d)}) > 1:
                return ten
    raise AssertionError("the table holds no such digits")


def test_ten_digits_that_name_different_drugs_are_refused() -> None:
    """Field fact 8: try all layouts, refuse when they differ."""
    assert ingredients((NDC, ambiguous())) == ""


@pytest.mark.parametrize(
    ("codings", "wanted"),
    [
        ([(RXNORM, "99999999")], ""),  # unknown
        ([(RXNORM, "C38288")], ""),  # the wrong shape
        ([("urn:local", "859867")], ""),  # the same digits in another system
        ([("", "859867")], ""),
        ([("http://snomed.info/sct", "C38288")], ""),
        ([("http://www.whocc.no/atc", "N05AD01")], "haloperidol"),
        ([("http://www.whocc.no/atc", "N05AX17")], "pimavanserin"),
        ([("http://www.whocc.no/atc", "N05AD")], ""),  # a group is no drug
        ([("urn:local", "HALOPERIDOL 5 MG")], "haloperidol"),  # a name as a local code
        ([(RXNORM, "haloperidol")], "haloperidol"),  # a name in a coded system
        ([("urn:local", "HALOP05")], ""),
        ([("urn:local", "YAZ")], ""),  # a short code is no brand
        ([("urn:local", "x"), (RXNORM, "859867")], "haloperidol"),
        ([(RXNORM, "2019"), (RXNORM, "6375")], "carbidopa|levodopa"),  # one code per ingredient
    ],
)
def test_codes(codings: list[tuple[str, str]], wanted: str) -> None:
    assert ingredients(*codings) == wanted


def test_an_unknown_code_falls_to_the_text() -> None:
    assert ingredients((RXNORM, "99999999"), text="haloperidol 5 mg") == "haloperidol"
    assert ingredients(("urn:local", "123"), text="Seroquel") == "quetiapine"


def test_a_known_code_outranks_the_text() -> None:
    assert ingredients((RXNORM, "859867"), text="ondansetron") == "haloperidol"


def test_a_code_without_form_leaves_the_form_open_and_the_text_may_tell_it() -> None:
    known = terminology()
    assert known.drug([(RXNORM, "61381")]).long_acting is UNKNOWN  # olanzapine, the ingredient
    told = known.drug([(RXNORM, "61381")], "olanzapine pamoate 300 mg")
    assert (told.long_acting, told.product) == (TRUE, "olanzapine_pamoate")
    assert known.drug([(RXNORM, "61381")], "", "tablet").long_acting is FALSE
    assert known.drug([(RXNORM, "261337")]).long_acting is FALSE  # 15 MG Oral Tablet


def test_every_depot_code_tells_its_product_or_only_its_ingredient() -> None:
    profiles = terminology().drugs.codes.profiles
    depots = [p for p in profiles if p.depot == "Y"]
    assert len(depots) > 20
    without = {p.ingredients for p in depots if p.product is None}
    assert without <= {("paliperidone",), ("risperidone",)}


def test_shapes() -> None:
    assert well_formed("loinc", "8310-5")
    assert not well_formed("loinc", "8310")
    assert well_formed("icd10cm", "T67.01XA")
    assert not well_formed("icd10cm", "neuroleptic")
    assert well_formed("urn:local", "anything at all")


def test_the_data_is_compact_and_carries_its_notices() -> None:
    total = sum(path.stat().st_size for path in Path(DATA).iterdir())
    assert total < 1_000_000
    notice = (DATA / "NOTICE.md").read_text()
    for name in ("National Library of Medicine", "loinc.org/license", "Global Patient Set", "WHO"):
        assert name in notice
    assert gzip.decompress((DATA / "rxnorm.csv.gz").read_bytes()).startswith(b"rxcui,")
