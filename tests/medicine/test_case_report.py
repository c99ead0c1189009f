"""docs/CASES.md is what the rules make of the published cases, no more and no less."""

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def case_report() -> ModuleType:
    spec = importlib.util.spec_from_file_location(
        "case_report", ROOT / "scripts" / "case_report.py"
    )
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_report_is_fresh_and_explains_each_miss(
    case_report: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    import sys

    monkeypatch.setitem(sys.modules, "case_report", case_report)
    told = case_report.cases()
    assert len(told) == 71
    written = (ROOT / "docs" / "CASES.md").read_text("utf-8")
    assert written == case_report.report(told), "run python scripts/case_report.py"
    for one in told:
        if one.syndrome and one.peak.rank < 2:
            assert f"**{one.name}**" in written


def test_no_look_alike_interrupts_by_its_tier(case_report: ModuleType) -> None:
    for one in case_report.cases():
        if not one.syndrome:
            # a core temperature above 41.1 °C pages whatever the cause (ALR-04)
            calm = [a for a in one.course if a.findings["TEMP411"].state.value != "true"]
            channels = {a.tier.channel.value for a in calm}
            assert "interruptive" not in channels, one.name
