"""The cards of the example patients, kept as text that people have read for sense.

A changed word shows up here. To accept the new words after reading them:
`NMS_SENTINEL_REGENERATE=1 pytest tests/cards/test_golden.py`
"""

import os
from pathlib import Path

import pytest

from tests.cards.deal import read_aloud
from tests.management.examples import EXAMPLES

GOLDEN = Path(__file__).parent / "golden"
REGENERATE = os.environ.get("NMS_SENTINEL_REGENERATE") == "1"


@pytest.mark.rules("TIER-08", "TIER-09")
@pytest.mark.parametrize("name", EXAMPLES)
def test_the_card_reads_as_it_was_approved(name: str) -> None:
    path, text = GOLDEN / f"{name}.md", read_aloud(name)
    if REGENERATE:
        path.write_text(text, "utf-8")
    assert path.read_text("utf-8") == text


def test_no_card_is_kept_for_a_patient_that_no_longer_exists() -> None:
    assert {p.stem for p in GOLDEN.glob("*.md")} == set(EXAMPLES)
