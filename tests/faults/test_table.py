"""Every row of the fault table has a test that exists, and TABLE.md says so."""

import re
from pathlib import Path

import pytest

from tests.faults.table import HERE, ROWS, Row, written

ROOT = Path(__file__).resolve().parents[2]
PROMISED = {*range(1, 13), *range(14, 19), 22, 23, 24}


def test_every_promised_row_is_there() -> None:
    assert {row.number for row in ROWS} == PROMISED


def test_the_table_is_fresh() -> None:
    assert (HERE / "TABLE.md").read_text("utf-8") == written(), "python -m tests.faults.table"


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"row-{row.number}")
def test_the_tests_of_a_row_exist(row: Row) -> None:
    assert row.tests
    for name in (*row.tests, *row.heavy):
        path, _, function = name.partition("::")
        text = (ROOT / path).read_text("utf-8")
        wanted = rf"^(    )?(async )?def {function}\(" if function else r"^def test_"
        assert re.search(wanted, text, re.M), name
