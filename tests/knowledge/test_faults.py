"""Each kind of fault in the knowledge is found and named; each fault of an overlay says where."""

import re
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from alerts.knowledge import Knowledge, KnowledgeFault, diff, faults, load, unread, with_overlay
from alerts.knowledge.loader import HERE, _built, load_folder
from service.fhir.terminology_check import kinds
from tests.interactions.patients import chart, on_order

A = load()
LOCAL = {
    "a": ["haloperidol"],
    "b": ["methadone"],
    "severity": "major",
    "mechanism": "Both prolong QT",
    "effect": "Torsades",
    "management": "ECG before the second dose",
    "context": ["ANY"],
    "mode": "interruptive",
    "suggest": ["monitor:ecg", "remove-draft:b"],
    "evidence": ["consensus"],
    "basis": "D",
    "cite": [],
}


def overlay(**parts: Any) -> Knowledge:
    return with_overlay(A, {"version": "2026.1-north", **parts})


def row(**changes: Any) -> Knowledge:
    rows = {"added": {"LOC-1": {**LOCAL, **changes}}}
    return overlay(interactions=rows)


def answered(**entries: dict[str, Any]) -> Knowledge:
    entry = {"readings": ["qtc"], "basis": "D", "cite": []}
    return overlay(tests={name: {**entry, **changes} for name, changes in entries.items()})


@pytest.mark.parametrize(
    ("knowledge", "said"),
    [
        (lambda: row(basis="V"), "LOC-1: basis V without a citation"),
        (lambda: row(cite=["nobody1999"]), "LOC-1: citation nobody1999 does not resolve"),
        (lambda: row(basis="U", suggest=[]), "LOC-1: basis U may not interrupt (ALR-13)"),
        (
            lambda: row(basis="U", mode="passive"),
            "LOC-1: a row of basis U suggests nothing (ALR-13)",
        ),
        (lambda: row(b=["class:nothing"]), "LOC-1: no class is called nothing"),
        (lambda: row(b=["condition:nothing"]), "LOC-1: no condition is called nothing"),
        (lambda: row(b=["unobtainium"]), "LOC-1: unobtainium is not a known ingredient"),
        (lambda: row(b=["methadone@upside_down"]), "no qualifier is called upside_down"),
        (lambda: row(suggest=["pray"]), "LOC-1: suggestion 'pray' is not understood"),
        (lambda: row(suggest=["hold:c"]), "LOC-1: suggestion 'hold:c' is not understood"),
        (lambda: row(evidence=[]), "LOC-1: needs a, b, context and evidence"),
        (
            lambda: overlay(classes={"nsaid": {"members": ["unobtainium"], "source": "us"}}),
            "class nsaid: unobtainium is not a known ingredient",
        ),
        (
            lambda: overlay(classes={"nsaid": {"members": [], "source": "us"}}),
            "class nsaid: has no members",
        ),
        (
            lambda: overlay(parameters={"iec.cutoff": {"value": 70, "basis": "V"}}),
            "iec.cutoff: basis V without a citation",
        ),
        (
            lambda: overlay(parameters={"iec.cutoff": {"value": 70, "basis": "X"}}),
            "iec.cutoff: basis 'X' is not one of V, S, U, D",
        ),
        (
            lambda: overlay(windows={"haloperidol": {"extended_d": 1}}),
            "haloperidol: extended window shorter than the full one",
        ),
        (
            lambda: overlay(references={"ours2026": {"citation": "Local", "seen": "dimly"}}),
            "references.yaml: ours2026: seen 'dimly' is not one of its words",
        ),
        (
            lambda: overlay(references={"ours2026": {"citation": "Local", "seen": "full"}}),
            "references.yaml: ours2026: cited nowhere; mark it `background: true`",
        ),
        (
            lambda: overlay(conditions={"moon": {"problems": ["moon"], "unknown": "silent"}}),
            "conditions: moon is named by no row",
        ),
        (
            lambda: row(suggest=["monitor:mood"]),
            "LOC-1: monitor:mood: `tests` has no entry of this name",
        ),
        (lambda: row(suggest=["monitor:age"]), "LOC-1: monitor:age: no reading answers it"),
        (lambda: answered(mood={}), "tests: mood is asked for by no row"),
        (lambda: answered(ecg={"basis": "V"}), "tests: ecg: basis V without a citation"),
        (
            lambda: answered(ecg={"cite": ["nobody1999"]}),
            "tests: ecg: citation nobody1999 does not resolve",
        ),
    ],
)
def test_a_fault_is_found(knowledge: Any, said: str) -> None:
    known = set(faults(A))
    new = [fault for fault in faults(knowledge()) if fault not in known]
    assert [fault for fault in new if said in fault], new


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({}, "north.yaml: version"),
        ({"version": "B", "paramters": {}}, "north.yaml: paramters: not a part"),
        ({"version": "B", "parameters": {"iec.cut": {"value": 1}}}, "iec.cut: no parameter"),
        ({"version": "B", "parameters": {"iec.cutoff": 70}}, "iec.cutoff: must be a mapping"),
        (
            {"version": "B", "parameters": {"iec.cutoff": {"value": "high"}}},
            "iec.cutoff: value: must be a number",
        ),
        (
            {"version": "B", "parameters": {"iec.cutoff": {"value": True}}},
            "iec.cutoff: value: must be a number",
        ),
        (
            {"version": "B", "parameters": {"iec.cutoff": {"value": float("nan")}}},
            "iec.cutoff: value: must be a number",
        ),
        (
            {"version": "B", "parameters": {"iec.cutoff": {"unit": "kg"}}},
            "iec.cutoff: unit: may not be changed",
        ),
        ({"version": "B", "windows": {"aspirin": {"full_d": 1}}}, "aspirin: no drug or product"),
        (
            {"version": "B", "windows": {"haloperidol": {"full_d": 2.5}}},
            "haloperidol: full_d: must be a whole number",
        ),
        (
            {"version": "B", "interactions": {"changed": {"INT-X": {"severity": "major"}}}},
            "INT-X: no row is called so",
        ),
        (
            {"version": "B", "interactions": {"changed": {"INT-DAN-VER": {"severity": "bad"}}}},
            "INT-DAN-VER: severity: 'bad' is not one of",
        ),
        (
            {"version": "B", "interactions": {"changed": {"INT-DAN-VER": {"loudness": "3"}}}},
            "INT-DAN-VER: loudness: is not a field",
        ),
        (
            {"version": "B", "interactions": {"added": {"INT-DAN-VER": LOCAL}}},
            "INT-DAN-VER: exists; use `changed`",
        ),
        (
            {"version": "B", "interactions": {"added": {"LOC-1": {"a": ["haloperidol"]}}}},
            "LOC-1: b: is missing",
        ),
        ({"version": "B", "interactions": {"disabled": ["INT-X"]}}, "INT-X: no row is called so"),
        ({"version": "B", "base": 2026.1}, "north.yaml: base: must be a text, in quotes"),
        (
            {"version": "B", "base": "2025.2", "parameters": {"gone": {"value": 1}}},
            "north.yaml: base: was decided on the rules 2025.2, those here are 2026.1: decide anew",
        ),
        (
            {"version": "B", "interactions": {"silenced": ["INT-DAN-VER"]}},
            "silenced: not added, changed or disabled",
        ),
        (
            {"version": "B", "criteria": {"hyp.threshold_c": 39.5}},
            "criteria: hyp.threshold_c: no section is called so",
        ),
        (
            {"version": "B", "management": {"drug": {"DRG-ECT": {}}}},
            "management: drug: no section is called so",
        ),
        ({"version": "B", "criteria": {"wording": "none"}}, "criteria: wording: must be a dict"),
        ({"version": "B", "tests": {"ecg": "qtc"}}, "tests: ecg: must be a mapping"),
        (
            {"version": "B", "tests": {"ecg": {"basis": "D", "cite": []}}},
            "tests: ecg: readings: is missing",
        ),
        (
            {"version": "B", "tests": {"ecg": {"readings": "qtc", "basis": "D", "cite": []}}},
            "tests: ecg: readings: must be a list of texts",
        ),
        (
            {"version": "B", "tests": {"ecg": {"readings": ["qtc"], "basis": "X", "cite": []}}},
            "tests: ecg: basis: 'X' is not one of",
        ),
    ],
)
def test_a_wrong_overlay_says_where(changes: dict[str, Any], said: str) -> None:
    with pytest.raises(KnowledgeFault, match=re.escape(said)):
        with_overlay(A, changes, "north.yaml")


def test_a_document_without_a_section_names_it() -> None:
    broken = {**A.sources, "interactions": {"schema": "nms-interactions/3", "parameters": {}}}
    with pytest.raises(KnowledgeFault, match=r"interactions\.yaml: interactions: is missing"):
        _built(broken, "x", {})


def test_a_file_that_is_not_yaml_is_named(tmp_path: Path) -> None:
    path = tmp_path / "north.yaml"
    path.write_text("version: [", encoding="utf-8")
    with pytest.raises(KnowledgeFault, match=r"north\.yaml: is not YAML"):
        load(path)


def test_a_local_row_speaks_and_is_shown_as_local() -> None:
    north = row()
    assert [f for f in faults(north) if f not in faults(A)] == []
    assert not [
        i for i in on_order(["methadone oral"], chart(["haloperidol oral"], [])) if i.id == "LOC-1"
    ]
    found = [
        i
        for i in on_order(["methadone oral"], chart(["haloperidol oral"], []), "NONE", north)
        if i.id == "LOC-1"
    ]
    assert found[0].local == "2026.1-north"
    assert found[0].label == "local rule, 2026.1-north"
    assert found[0].mode.value == "interruptive"
    assert found[0].suggest == ("monitor:ecg", "remove-draft")


def test_a_changed_severity_is_local_and_a_disabled_row_is_silent() -> None:
    north = overlay(
        interactions={
            "changed": {"INT-DAN-DHP": {"severity": "major"}},
            "disabled": ["INT-AP-SSRI"],
        }
    )
    changed = on_order(["dantrolene iv"], chart(["amlodipine oral"], []), "NONE", north)[0]
    assert (changed.id, changed.severity, changed.basis) == ("INT-DAN-DHP", "major", "D")
    assert changed.label == "local rule, 2026.1-north"
    quiet = on_order(["sertraline oral"], chart(["olanzapine oral"], []), "NONE", north)
    assert "INT-AP-SSRI" not in {i.id for i in quiet}


def test_an_overlay_confirms_nothing_by_itself() -> None:
    """ALR-13: a changed U value stays U unless the overlay states basis and citation."""
    assert overlay(parameters={"iec.cutoff": {"value": 70}}).parameters["iec.cutoff"].basis == "U"
    changed = overlay(parameters={"hyp.threshold_c": {"value": 38.3}})
    assert changed.parameters["hyp.threshold_c"].basis == "D"
    assert changed["hyp.threshold_c"] == 38.3


def test_an_overlay_on_an_overlay() -> None:
    first = overlay(parameters={"iec.cutoff": {"value": 70}})
    second = with_overlay(first, {"version": "C", "parameters": {"iec.cutoff": {"value": 71}}})
    assert (first["iec.cutoff"], second["iec.cutoff"], A["iec.cutoff"]) == (70, 71, 74)


def test_diff_tells_every_kind_of_change() -> None:
    after = overlay(
        parameters={"iec.cutoff": {"value": 70}},
        windows={"haloperidol": {"full_d": 6}},
        interactions={
            "added": {"LOC-1": LOCAL},
            "changed": {"INT-DAN-DHP": {"severity": "major"}},
            "disabled": ["INT-AP-SSRI"],
        },
        classes={"nsaid": {"members": ["ibuprofen"], "source": "the site"}},
        references={"ours2026": {"citation": "Local", "seen": "full", "background": True}},
        conditions={"heat_alert": {"problems": ["heat_alert"], "unknown": "say"}},
        tests={"ecg": {"readings": ["qtc", "heart_rate"], "basis": "D", "cite": []}},
        criteria={"wording": {"POSSIBLE": "Look again"}},
        management={"actions": {"MGT-STOP": {"title": "Stop it"}}},
    )
    told = {(c["kind"], c["id"]): c["fields"] for c in diff(A, after)}
    assert told == {
        ("parameter", "iec.cutoff"): ["value", "cite"],
        ("drug window", "haloperidol"): ["full_d", "basis", "cite"],
        ("interaction", "LOC-1"): [],
        ("interaction", "INT-DAN-DHP"): ["severity", "basis", "local"],
        ("interaction", "INT-AP-SSRI"): [],
        ("class", "nsaid"): ["members", "source", "judgement"],
        ("reference", "ours2026"): [],
        ("condition", "heat_alert"): ["say_unknown"],
        ("test", "ecg"): ["readings"],
        ("wording", "POSSIBLE"): ["text"],
        ("action", "MGT-STOP"): ["title"],
    }


def test_a_release_from_before_the_tests_were_data_is_read_with_those_of_this_one(
    tmp_path: Path,
) -> None:
    shutil.copytree(HERE, tmp_path / "old", ignore=shutil.ignore_patterns("*.py", "__pycache__"))
    rows = tmp_path / "old" / "interactions.yaml"
    start, rest = rows.read_text("utf-8").split("\ntests:\n")
    rows.write_text(f"{start}\n{rest[rest.index('# WHO') :]}", "utf-8")
    old = load_folder(tmp_path / "old")
    assert old.tests == A.tests
    assert diff(old, A) == []


def test_diff_of_a_version_with_itself_is_empty() -> None:
    assert diff(A, load()) == []
    assert diff(A, replace(A, version="renamed")) == []


@pytest.mark.parametrize(
    ("knowledge", "said"),
    [
        (lambda: answered(ecg={"readings": ["qtcc"]}), "tests: ecg: no reading is called qtcc"),
        (lambda: row(factors=["potasium"]), "LOC-1: factors: no reading is called potasium"),
        (
            lambda: overlay(criteria={"plausible": {"heart_rat": {"low": 20, "high": 300}}}),
            "plausible: no reading is called heart_rat",
        ),
    ],
)
def test_a_kind_that_no_reading_has_is_found(knowledge: Any, said: str) -> None:
    """A misspelt one would wait for ever, and nobody would hear of it."""
    assert unread(A, kinds()) == []
    assert unread(knowledge(), kinds()) == [said]


def test_a_contraindication_that_asks_for_no_reading_is_found() -> None:
    drugs = A.management["drugs"]
    key, drug = next((k, d) for k, d in drugs.items() if "spo2" in str(d))
    wrong = yaml.safe_load(yaml.safe_dump(dict(drug)).replace("spo2", "spo3"))
    found = unread(overlay(management={"drugs": {key: wrong}}), kinds())
    assert found
    assert all(key in said and said.endswith("no reading is called spo3") for said in found)


def test_what_a_site_leaves_idle_is_no_fault_of_its_overlay() -> None:
    """A disabled row leaves its condition, test and citation behind; a changed number its own."""
    every = [row.id for row in A.interactions if row.id != "INT-DAN-VER"]
    assert faults(overlay(interactions={"disabled": every})) == []
    assert faults(overlay(parameters={"iec.cutoff": {"value": 70}})) == []
