"""`lookup` and `lookup --batch`: stable answers that say how."""

from pathlib import Path

import orjson
import pytest

from service.errors import BadInput
from service.fhir.lookup import lookup, lookup_batch

HERE = Path(__file__).parent


def test_a_drug() -> None:
    answer = lookup(text="Haldol decanoate 100 mg IM")
    assert answer["kind"] == "drug"
    assert answer["ingredients"] == ["haloperidol"]
    assert answer["dopamine_role"] == ["d2_antagonist"]
    assert (answer["long_acting"], answer["depot"]) == ("Y", "true")
    assert answer["product"] == "haloperidol_decanoate"
    assert "haldol decanoate" in answer["how"]


def test_a_drug_by_code() -> None:
    answer = lookup(system="rxnorm", code="859867")
    assert answer["ingredients"] == ["haloperidol"]
    assert "859867" in answer["how"]


def test_the_ingredient_alone_leaves_the_form_unknown() -> None:
    """The table's word on the code is N (it names no depot); whether the drug is one is unknown."""
    answer = lookup(system="rxnorm", code="61381")
    assert (answer["long_acting"], answer["depot"]) == ("N", "unknown")


def test_an_observation_as_reported_and_as_stored() -> None:
    answer = lookup(code="14682-9", value="150", unit="umol/L")
    assert (answer["concept"], answer["unit"]) == ("creatinine", "mg/dL")
    assert answer["value"] == pytest.approx(1.696, abs=0.001)
    assert answer["canonical"] == {"value": 150, "unit": "umol/L"}


def test_a_comparator_in_a_string() -> None:
    answer = lookup(code="2157-6", value=">20000", unit="U/L")
    assert (answer["value"], answer["comparator"]) == (20000, ">")


def test_a_rejected_value_says_why() -> None:
    answer = lookup(code="2157-6", value="900")
    assert answer["value"] is None
    assert answer["fault"] == "unit-missing"


def test_an_excluded_measurement() -> None:
    answer = lookup(text="CK-MB index")
    assert (answer["concept"], answer["excluded"]) == (None, "creatine_kinase_excluded")


def test_a_finding() -> None:
    answer = lookup(text="denies diaphoresis")
    assert (answer["kind"], answer["concept"]) == ("finding", "negated:diaphoresis")


def test_a_unit() -> None:
    assert lookup(unit="degF", value="104")["canonical"] == {"value": 40, "unit": "Cel"}
    assert lookup(unit="mcmol/L")["unit"] == "umol/L"


@pytest.mark.parametrize("text", ["zzzzqqq", "metfromun"])
def test_nothing(text: str) -> None:
    assert lookup(text=text)["kind"] == "none"


def test_a_drug_without_a_role_here() -> None:
    answer = lookup(text="metformin 1000 mg tablet")
    assert (answer["kind"], answer["ingredients"]) == ("drug", [])
    assert answer["others"] == ["metformin"]
    assert "without a role" in answer["how"]


def test_a_batch_answers_for_the_drug_list(tmp_path: Path) -> None:
    path = tmp_path / "batch.csv"
    head = "case_id,kind,input_system,input_code,input_text,input_value,input_unit"
    path.write_text(f"{head}\nA,medication_text,,,oxycodone-aspirin 5-325,,\n")
    (answer,) = lookup_batch(path)
    assert (answer["ingredients"], answer["partners"]) == (["oxycodone"], ["aspirin"])


def test_a_batch_gives_one_json_line_for_each_row() -> None:
    answers = list(lookup_batch(HERE / "mapping_cases.csv"))
    assert len(answers) == 516
    assert [a["case_id"] for a in answers[:2]] == ["D-001", "D-002"]
    for answer in answers:
        assert orjson.loads(orjson.dumps(answer)) == answer
        wanted = {"ingredients", "dopamine_role", "long_acting"}
        told = wanted if answer["kind"].startswith("medication") else {"concept"}
        assert told | {"case_id", "kind", "how"} <= set(answer)


def test_a_file_without_the_columns_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "wrong.csv"
    path.write_text("a,b\n1,2\n")
    with pytest.raises(BadInput, match="input_code"):
        list(lookup_batch(path))


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("absent.csv", None, "cannot be read: No such file"),
        ("wide.csv", "case_id,kind".encode("utf-16"), "no CSV file in UTF-8"),
        ("packed.csv.gz", b"\x1f\x8b\x08\x00\x00", "no CSV file in UTF-8"),
        (".", None, "cannot be read: Is a directory"),
    ],
)
def test_what_is_no_file_of_rows_is_refused_by_name(
    tmp_path: Path, name: str, content: bytes | None, said: str
) -> None:
    path = tmp_path / name
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(BadInput, match=said) as refused:
        list(lookup_batch(path))
    assert str(path) in str(refused.value)
