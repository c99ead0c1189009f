"""README, alerts about ourselves and the checks of the project stay in step with the code."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from service import metrics
from service.settings import PREFIX, PROCESS_VARIABLES, variables

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text()
RULES: list[dict[str, Any]] = yaml.safe_load((ROOT / "prometheus-alerts.yml").read_text())[
    "groups"
][0]["rules"]


def test_two_commands_set_everything_up_and_test_it() -> None:
    first = re.search(r"```sh\n(.*?)```", README, re.S)
    assert first is not None
    assert first[1].split("\n")[:-1] == ["make run", "make test"]
    makefile = (ROOT / "Makefile").read_text()
    for target in ("run", "test", "setup"):
        assert re.search(rf"^{target}:", makefile, re.M)
    ci = (ROOT / ".ci" / "run").read_text()
    assert re.search(r"^.*make test$", ci, re.M)
    assert "set -euo pipefail" in ci


@pytest.mark.parametrize("name", variables())
def test_every_setting_is_explained(name: str) -> None:
    assert f"`{name}`" in README


def test_the_readme_names_no_setting_that_is_none() -> None:
    of_the_tests = re.findall(r'environ\.get\("(\w+)"\)', (ROOT / "tests/conftest.py").read_text())
    known = {*variables(), *(PREFIX + name for name in PROCESS_VARIABLES), *of_the_tests}
    assert set(re.findall(r"NMS_SENTINEL_[A-Z_]+", README)) <= known


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule["alert"])
def test_an_alert_about_ourselves_has_a_line_and_real_metrics(rule: dict[str, Any]) -> None:
    assert re.search(rf"^\| {rule['alert']} \| .{{20,}} \| .{{20,}} \|$", README, re.M)
    assert rule["labels"]["severity"] in ("page", "ticket")
    known = {entry["name"] for entry in metrics.inventory()}
    named = re.findall(r"nms_sentinel_[a-z_]+", rule["expr"])
    assert named
    for name in named:
        assert name.removesuffix("_bucket") in known


def test_the_readme_has_no_alert_that_is_none() -> None:
    lines = re.findall(r"^\| (NmsSentinel\w+) \|", README, re.M)
    assert sorted(lines) == sorted(rule["alert"] for rule in RULES)


def test_what_the_readme_points_to_is_there() -> None:
    for path in re.findall(r"(?:fixtures|alerts|service)/[\w./-]+", README):
        assert (ROOT / path.rstrip("./")).exists(), path
