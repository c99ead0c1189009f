"""SNOMED CT identifiers that need a licence: off as shipped, on when a deployment says so."""

from collections.abc import Iterator

import pytest

from alerts.truth import TRUE
from service.errors import SettingsFault
from service.fhir.lookup import lookup
from service.fhir.reader.answers import answer_codes
from service.fhir.reader.drugs import routes
from service.fhir.terminology import licensed, terminology
from service.fhir.terminology.tables import (
    FINDING_FILES,
    OBSERVATION_FILES,
    SNOMED_DRUG_FILES,
    rows,
)
from service.fhir.terminology.terminology import with_overlay
from service.settings import load_settings

SCT = "http://snomed.info/sct"
CACHED = (terminology, licensed.codes_of, answer_codes, routes)


@pytest.fixture
def switched_on(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv(licensed.VARIABLE, "1")
    for one in CACHED:
        one.cache_clear()
    yield
    for one in CACHED:
        one.cache_clear()


def test_off_as_shipped() -> None:
    assert not licensed.is_on({})
    assert not terminology().drug([(SCT, "395891007")])
    assert (SCT, "26643006") not in routes()
    answer = lookup(system=SCT, code="395891007")
    assert answer["snomed_licensed"] is False
    assert licensed.VARIABLE in answer["how"]


def test_on_when_the_deployment_says_so(switched_on: None) -> None:
    answer = lookup(system=SCT, code="395891007")
    assert (answer["ingredients"], answer["snomed_licensed"]) == (["sulpiride"], True)
    assert routes()[SCT, "26643006"] == "oral"
    assert (SCT, "373066001") in answer_codes()
    assert "are on" in licensed.standing()


def test_neuroleptic_malignant_syndrome_is_known_without_a_licence() -> None:
    found = terminology().finding([(SCT, "15244003")])
    assert found is not None
    assert found.concept == "neuroleptic_malignant_syndrome"


@pytest.mark.parametrize("told", ["1", "true", "Yes", " on "])
def test_on(told: str) -> None:
    assert licensed.is_on({licensed.VARIABLE: told})


@pytest.mark.parametrize("told", ["", "0", "false", "no", "off"])
def test_off(told: str) -> None:
    assert not licensed.is_on({licensed.VARIABLE: told})


def test_anything_else_is_a_fault() -> None:
    with pytest.raises(SettingsFault, match="neither 1 nor 0"):
        licensed.is_on({licensed.VARIABLE: "perhaps"})


def test_the_service_knows_the_variable() -> None:
    assert load_settings({licensed.VARIABLE: "1"})


def test_no_description_is_shipped_with_a_licensed_identifier() -> None:
    for name in licensed.FILES:
        assert set(rows(name)[0]) <= {"kind", "code", "target", "unit", "site", "depot"}


def test_a_licensed_identifier_is_never_also_shipped_openly() -> None:
    openly = {
        row["code"]
        for name in (*FINDING_FILES, *OBSERVATION_FILES, "answers.csv", *SNOMED_DRUG_FILES)
        for row in rows(name)
        if row.get("system", "sct") == "sct"
    }
    # a code that two tables hold is open in both: the table of the Global Patient Set decides
    assert {row["code"] for row in licensed.all_rows()} & openly == set()


def test_only_identifiers_of_the_nhs_are_shipped_as_dmd() -> None:
    """Namespace 1000001; what dm+d takes from the international core is not theirs to license."""
    told = rows("dmd.csv.gz")
    assert len(told) > 5000
    assert all(row["code"][-10:-1] == "100000110" for row in told)
    assert set(told[0]) == {"code", "ingredients", "depot"}


@pytest.mark.parametrize("system", [SCT, "https://dmd.nhs.uk"])
def test_a_dmd_identifier_is_known_without_a_licence(system: str) -> None:
    found = terminology().drug([(system, "9489211000001101")])
    assert found.ingredients == ("flupentixol",)
    assert found.long_acting is TRUE


def test_a_site_outranks_the_licensed_file(tmp_path: object) -> None:
    path = tmp_path / "site.csv"  # type: ignore[operator]
    path.write_text("kind,system,code,target,unit,site,depot\ndrug,sct,395891007,haloperidol,,,Y\n")
    known = with_overlay(path, with_licensed=True)
    assert known.drug([(SCT, "395891007")]).ingredients == ("haloperidol",)
