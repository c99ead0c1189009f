"""Every field fact has a test that names it."""

import re
from pathlib import Path

HERE = Path(__file__).parent


def test_every_field_fact_from_1_to_99_is_named_by_a_test() -> None:
    named = {
        int(number)
        for path in HERE.glob("test_field_facts_*.py")
        for number in re.findall(r"^def test_fact_(\d+)_", path.read_text(), re.M)
    }
    assert named == set(range(1, 100))
