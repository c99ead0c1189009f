"""The management data themselves: a basis and a source for every line, no unconfirmed dose."""

import re
from collections.abc import Iterator
from typing import Any

import pytest

from alerts.wording import dose, line, shown
from tests.management.charts import knowledge

KNOWN = knowledge()
LABELS = KNOWN.management["labels"]


def rows() -> Iterator[tuple[str, dict[str, Any]]]:
    """Every line, dose, contraindication and caution, with the id it belongs to."""

    def walk(key: str, value: Any) -> Iterator[tuple[str, dict[str, Any]]]:
        if isinstance(value, dict):
            if "basis" in value and ("text" in value or "value" in value):
                yield key, value
            for held in value.values():
                yield from walk(key, held)
        elif isinstance(value, list):
            for held in value:
                yield from walk(key, held)

    for section in ("actions", "drugs", "parameters"):
        for key, entry in KNOWN.management[section].items():
            yield from walk(key, entry)
    yield from walk("RECHALLENGE", KNOWN.management["rechallenge"])
    yield from walk("outcome", KNOWN.management["outcome"])


ROWS = list(rows())


@pytest.mark.parametrize(("key", "row"), ROWS, ids=lambda v: str(v)[:50])
def test_a_row_has_its_basis_and_its_sources(key: str, row: dict[str, Any]) -> None:
    assert row["basis"] in "VSUD"
    assert row["basis"] not in "VS" or row["cite"], key
    assert all(c in KNOWN.references for c in row["cite"])


@pytest.mark.rules("SAF-04")
@pytest.mark.parametrize("key", KNOWN.drugs)
def test_no_unconfirmed_dose_is_displayed(key: str) -> None:
    entry = KNOWN.drugs[key]
    offered = [
        *entry["doses"],
        *entry.get("renal", ()),
        *([entry["oral"]] if "oral" in entry else ()),
    ]
    for raw in shown(offered):
        assert raw["basis"] != "U"
        for part in ("amount", "route", "interval", "maximum"):
            assert raw[part], f"{key}: a dose without {part}"
        assert raw["cite"]
        said = dose(raw, LABELS)
        assert raw["route"] in said
        assert raw["interval"] in said
        assert f"maximum: {raw['maximum']}" in said
        assert raw["cite"][0] in said


@pytest.mark.rules("SAF-04")
def test_what_is_kept_for_review_is_never_rendered() -> None:
    hidden = [(k, r) for k, r in ROWS if r.get("render") == "hide"]
    assert {k for k, _ in hidden} >= {"DRG-DIAZEPAM", "DRG-APOMORPHINE", "DRG-ROTIGOTINE"}
    assert all(r not in shown([r]) for _, r in hidden)
    childrens = [r for k, r in hidden if k == "DRG-BROMOCRIPTINE"]
    assert any("Child" in r["text"] for r in childrens)


@pytest.mark.rules("SAF-04")
@pytest.mark.parametrize(
    ("key", "row"), [r for r in ROWS if r[1]["basis"] == "U" and "text" in r[1]]
)
def test_unconfirmed_text_says_that_it_is(key: str, row: dict[str, Any]) -> None:
    assert "not confirmed from a primary source - confirm with pharmacy" in line(row, LABELS)


PER_DAY = {
    "once": 1, "every 4-6 h": 6, "two or three times daily": 3, "every 6-8 h": 4, "every 12 h": 2,
    "every 24 h": 1, "every 48-72 h": 0.5, "every 7 d": 1 / 7, "raised every 1-3 d": 4,
}  # fmt: skip


@pytest.mark.rules("DRG-LORAZEPAM", "DRG-BROMOCRIPTINE", "DRG-AMANTADINE")
@pytest.mark.parametrize("key", ["DRG-LORAZEPAM", "DRG-BROMOCRIPTINE", "DRG-AMANTADINE"])
def test_no_regimen_passes_its_daily_ceiling(key: str) -> None:
    entry = KNOWN.drugs[key]
    checked = 0
    for raw in shown([*entry["doses"], *entry.get("renal", ())]):
        most = max(
            float(n)
            for n in re.findall(r"(\d+(?:\.\d+)?)(?:-\d+)? mg|-(\d+) mg", raw["amount"])[-1]
            if n
        )
        assert most * PER_DAY[raw["interval"]] <= raw["ceiling_mg_day"]
        checked += 1
    assert checked >= 3


@pytest.mark.rules("STG-0", "STG-1", "STG-2", "STG-3", "STG-4")
def test_each_stage_adds_to_the_one_before() -> None:
    stages = {key: set(ids) for key, ids in KNOWN.stages.items()}
    assert stages["STG-0"] == set()
    assert stages["STG-2"] - {"MGT-EVIDENCE"} <= stages["STG-3"]
    assert stages["STG-3"] <= stages["STG-4"]
    assert {"DRG-DANTROLENE", "DRG-ECT"} <= stages["STG-4"] - stages["STG-3"]


def test_every_entry_is_reached_or_kept_back_on_purpose() -> None:
    staged = {key for ids in KNOWN.stages.values() for key in ids}
    assert set(KNOWN.actions) <= staged
    assert set(KNOWN.drugs) - staged == {"DRG-DIAZEPAM", "DRG-APOMORPHINE", "DRG-ROTIGOTINE"}


@pytest.mark.rules("SAF-09")
def test_outcome_figures_are_a_range_of_groups() -> None:
    told = KNOWN.management["outcome"][0]["text"]
    assert "published groups" in told
    assert len(re.findall(r"\d+(?:\.\d+)? (?:to \d+ )?%", told)) >= 5
