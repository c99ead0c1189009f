"""The vectors of the management guidance: vials, renal rows, the ISTH score."""

from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from alerts.coagulation import coagulation
from alerts.guidance.dantrolene import reconstitution
from alerts.guidance.drugs import renal_row
from alerts.moment import moment
from tests.management.charts import NOW, chart, knowledge, reading

VECTORS: dict[str, Any] = yaml.safe_load((Path(__file__).parent / "vectors.yaml").read_text())
MADE = knowledge().drugs["DRG-DANTROLENE"]["preparation"]


@pytest.mark.rules("DRG-DANTROLENE")
@pytest.mark.parametrize("vector", VECTORS["reconstitution"], ids=lambda v: f"{v['mg_kg']} mg/kg")
def test_dantrolene_in_vials(vector: dict[str, Any]) -> None:
    made = reconstitution(vector["weight_kg"], vector["mg_kg"], MADE)
    assert float(made.dose_mg) == vector["dose_mg"]
    assert made.vials == vector["vials20"]
    assert made.water_ml == vector["water_mL"]
    assert made.mannitol_g == vector["mannitol_g"]
    assert float(made.suspension_ml) == vector["suspension_mL"]


@pytest.mark.rules("DRG-DANTROLENE")
@given(st.integers(300, 2000), st.sampled_from([0.25, 1, 2, 2.5, 10]))
def test_the_vials_hold_the_dose_and_one_fewer_would_not(tenths: int, mg_kg: float) -> None:
    made = reconstitution(tenths / 10, mg_kg, MADE)
    assert (made.vials - 1) * 20 < made.dose_mg <= made.vials * 20
    assert made.water_ml == 60 * made.vials
    assert made.mannitol_g == 3 * made.vials


@pytest.mark.rules("DRG-AMANTADINE")
@pytest.mark.parametrize(
    "vector", VECTORS["amantadine"], ids=lambda v: f"GFR {v.get('comparator', '')}{v['gfr']}"
)
def test_amantadine_by_kidney_function(vector: dict[str, Any]) -> None:
    rows = knowledge().drugs["DRG-AMANTADINE"]["renal"]
    row = renal_row(vector["gfr"], vector.get("comparator"), rows)
    assert (row and row["amount"]) == vector["says"]
    assert (row and row["interval"]) == vector["interval"]


@pytest.mark.rules("MGT-DIC")
@pytest.mark.parametrize("vector", VECTORS["dic"], ids=str)
def test_the_isth_score_is_an_interval(vector: dict[str, Any]) -> None:
    facts = []
    if "platelets" in vector:
        facts.append(reading("platelets", vector["platelets"], 3))
    if "d_dimer" in vector:
        facts.append(reading("d_dimer", vector["d_dimer"] * 0.5, 3, high=0.5))
    if "pt" in vector:
        facts.append(reading("prothrombin_time", 14 + vector["pt"], 3, high=14))
    if "fibrinogen" in vector:
        facts.append(reading("fibrinogen", vector["fibrinogen"], 3))
    score = coagulation(moment(chart(facts), knowledge(), NOW))
    assert (score.lower, score.upper) == (vector["lower"], vector["upper"])
    assert score.overt.value == vector["overt"]


@pytest.mark.rules("MGT-DIC")
def test_values_older_than_two_days_do_not_count() -> None:
    facts = [reading("platelets", 20, 49), reading("d_dimer", 8, 49, high=0.5)]
    score = coagulation(moment(chart(facts), knowledge(), NOW))
    assert (score.lower, score.upper) == (0, 8)
