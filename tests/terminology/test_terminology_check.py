"""The data proves itself; a site's file is proved row by row."""

from pathlib import Path

import pytest

from service.errors import SettingsFault
from service.fhir import terminology_check
from service.fhir.terminology import overlay
from service.fhir.terminology.terminology import with_overlay

HERE = Path(__file__).parent
HEAD = "kind,system,code,target,unit,site,depot\n"


def test_the_shipped_data_is_sound() -> None:
    assert terminology_check.faults() == []


def test_a_file_of_a_site_is_sound() -> None:
    assert list(overlay.faults_of(HERE / "site_codes.csv")) == []


@pytest.mark.parametrize(
    ("row", "fault"),
    [
        ("drug,sct,395891007,sulpirid,,,N", "target 'sulpirid'"),
        ("drug,sct,12,haloperidol,,,N", "no code of sct"),
        ("drug,sct,395891007,sulpiride,,,maybe", "depot 'maybe'"),
        ("pill,sct,395891007,sulpiride,,,N", "kind 'pill'"),
        ("observation,urn:local,T1,body_temp,Cel,,", "target 'body_temp'"),
        ("observation,urn:local,T1,body_temperature,furlong,,", "unit 'furlong'"),
        ("finding,urn:local,,delirium,,,", "system and code"),
    ],
)
def test_a_wrong_row_is_named(row: str, fault: str, tmp_path: Path) -> None:
    path = tmp_path / "site.csv"
    path.write_text(HEAD + row + "\n")
    found = list(overlay.faults_of(path))
    assert len(found) == 1
    assert "site.csv:2" in found[0]
    assert fault in found[0]


def test_a_missing_file_is_a_fault(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(overlay.VARIABLE, str(tmp_path / "nowhere.csv"))
    assert any("no such file" in fault for fault in terminology_check.faults())


def test_the_codes_of_a_site_are_used_and_outrank(tmp_path: Path) -> None:
    path = tmp_path / "site.csv"
    path.write_text(
        HEAD
        + "observation,urn:ward,T-ORAL,body_temperature,Cel,oral,\n"
        + "drug,urn:ward,HALDEC,haloperidol,,,Y\n"
        + "finding,urn:ward,NMS1,neuroleptic_malignant_syndrome,,,\n"
        + "answer,urn:ward,AV-V,avpu,,V,\n"
        + "drug,https://dmd.nhs.uk,9489211000001101,flupentixol,,,Y\n"
    )
    assert list(overlay.faults_of(path)) == []
    known = with_overlay(path)
    seen = known.observation([("urn:ward", "T-ORAL")])
    assert seen is not None
    assert (seen.concept, seen.site, seen.code_unit) == ("body_temperature", "oral", "Cel")
    assert known.drug([("urn:ward", "HALDEC")]).ingredients == ("haloperidol",)
    assert known.answer("avpu", [("urn:ward", "AV-V")]) == "V"
    found = known.finding([("urn:ward", "NMS1")])
    assert found is not None
    assert found.concept == "neuroleptic_malignant_syndrome"
    for system in ("https://dmd.nhs.uk/", "http://snomed.info/sct"):
        assert known.drug([(system, "9489211000001101")]).ingredients == ("flupentixol",)


def test_a_wrong_file_stops_the_start(tmp_path: Path) -> None:
    path = tmp_path / "site.csv"
    path.write_text(HEAD + "drug,sct,395891007,sulpirid,,,N\npill,sct,395891007,x,,,\n")
    with pytest.raises(SettingsFault, match=r"site.csv:2.*site.csv:3"):
        with_overlay(path)
