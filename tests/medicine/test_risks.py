"""Risk factors that the sources name and no chart can be read for: said, with the reason."""

from dataclasses import replace

import pytest

from alerts.assessment import as_dict, assess
from alerts.knowledge import load
from alerts.knowledge.check import faults
from tests.medicine.ward import NOW, chart

KNOWLEDGE = load()
UNREAD = {"RF-HPFGA": "nielsen2012", "RF-MPFGA": "nielsen2012", "RF-DOSE2": "sirisuwannarat2025"}


@pytest.mark.rules("RISK-01")
def test_an_exposed_patient_is_told_what_was_not_looked_for() -> None:
    said = assess(chart("-5d order haloperidol oral 5 mg x2"), KNOWLEDGE, NOW)
    assert {risk.id: risk.cite[0] for risk in said.risk_factors_unread} == UNREAD
    assert all(risk.reason for risk in said.risk_factors_unread)
    assert not UNREAD.keys() & {risk.id for risk in said.risk_factors}
    assert [risk["id"] for risk in as_dict(said)["risk_factors_unread"]] == list(UNREAD)


@pytest.mark.rules("RISK-01")
def test_nothing_is_said_of_risks_to_whom_no_exposure_concerns() -> None:
    said = assess(chart("-2h temp 36.8 oral"), KNOWLEDGE, NOW)
    assert (said.risk_factors, said.risk_factors_unread) == ((), ())


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"reason": ""}, "RF-DOSE2: is not read, and no reason is given"),
        ({"cite": []}, "RF-DOSE2: basis V without a citation"),
        ({"cite": ["nobody1999"]}, "nobody1999"),
        ({"basis": "X"}, "RF-DOSE2: basis 'X' is not one of V, S, U, D"),
    ],
)
def test_the_check_of_the_knowledge_reads_them(change: dict[str, object], fault: str) -> None:
    unread = dict(KNOWLEDGE.criteria["risk_factors_unread"])
    unread["RF-DOSE2"] = {**unread["RF-DOSE2"], **change}
    wrong = replace(KNOWLEDGE, criteria={**KNOWLEDGE.criteria, "risk_factors_unread": unread})
    found = [said for said in faults(wrong) if "RF-DOSE2" in said]
    assert [said for said in found if fault in said]
    assert [said for said in faults(KNOWLEDGE) if "RF-DOSE2" in said] == []
