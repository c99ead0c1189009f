"""The inventory of metrics is the truth: no more, no less is counted."""

import re
from pathlib import Path

import pytest

from service import metrics

ROOT = Path(__file__).resolve().parents[2]
NAMED = re.compile(r"\"(nms_sentinel_[a-z_]+)\"")
COOKIES = {"nms_sentinel_session", "nms_sentinel_glass", "nms_sentinel_flow"}
FORBIDDEN_LABELS = {"patient", "user", "client", "path", "name", "id"}


def used() -> set[str]:
    files = list((ROOT / "service").rglob("*.py"))
    return {n for path in files for n in NAMED.findall(path.read_text())} - COOKIES


def test_every_metric_is_listed_and_used() -> None:
    assert used() == {entry["name"] for entry in metrics.inventory()}


@pytest.mark.parametrize("entry", metrics.inventory(), ids=lambda entry: entry["name"])
def test_an_entry_says_what_it_is(entry: dict[str, object]) -> None:
    assert str(entry["help"]).endswith(".")
    assert not FORBIDDEN_LABELS & set(entry.get("labels", ()))  # type: ignore[call-overload]
    assert str(entry["name"]).endswith("_total") == (entry["type"] == "counter")


def test_what_cannot_be_measured_is_left_out() -> None:
    text = metrics.scrape(
        {"nms_sentinel_ready": 1, "nms_sentinel_due_age_seconds": None,
         "nms_sentinel_open_alerts": {"nms": 2, "interaction": 0}}
    ).decode()  # fmt: skip
    assert "nms_sentinel_ready 1.0" in text
    assert 'nms_sentinel_open_alerts{kind="nms"} 2.0' in text
    assert "nms_sentinel_due_age_seconds" not in text
    assert "# TYPE nms_sentinel_http_seconds histogram" in text


def test_a_metric_that_is_not_listed_cannot_be_counted() -> None:
    with pytest.raises(KeyError):
        metrics.count("nms_sentinel_invented_total")
