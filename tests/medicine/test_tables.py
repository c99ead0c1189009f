"""The spec tables: each row a patient in a few lines, and what must be said of him or her.

A row names the rules of the specification it is about; `traceability.py` collects them.
"""

from pathlib import Path
from typing import Any

import pytest
import yaml

from alerts.assessment import assess
from alerts.knowledge import load
from tests.medicine.expectations import misses
from tests.medicine.ward import NOW, chart

TABLES = Path(__file__).parent / "tables"


def rows() -> list[Any]:
    found = []
    for path in sorted(TABLES.glob("*.yaml")):
        for row in yaml.safe_load(path.read_text("utf-8")):
            found.append(pytest.param(row, id=f"{path.stem}: {row['rule']}: {row['title']}"))
    return found


@pytest.mark.parametrize("row", rows())
def test_the_row_holds(row: dict[str, Any]) -> None:
    assessment = assess(chart(*row.get("facts", [])), load(), NOW)
    assert list(misses(assessment, row["expect"])) == []


def test_a_row_that_expects_the_wrong_thing_fails() -> None:
    assessment = assess(chart("-1h temp 39 oral", "-3h temp 39 oral"), load(), NOW)
    wrong = {"HYP": False, "tier": "PROBABLE", "ask": ["NEXT-LITH"], "nonsense": 1}
    assert len(list(misses(assessment, wrong))) == len(wrong)
