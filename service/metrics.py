"""Prometheus metrics, defined by their inventory `metrics.yaml`.

    count("nms_sentinel_cards_total", service=..., indicator=...)

Counters are of one process; what concerns the whole house (due list, alerts) is asked of the
store when it is scraped, and left out when it cannot be had: no figure is better than a stale one.
"""

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST

INVENTORY = Path(__file__).parent / "metrics.yaml"
CONTENT_TYPE = CONTENT_TYPE_LATEST
_KINDS = {"counter": Counter, "gauge": Gauge, "histogram": Histogram}


@cache
def inventory() -> tuple[dict[str, Any], ...]:
    """The entries of metrics.yaml: name, type, help, labels, buckets, at."""
    return tuple(yaml.safe_load(INVENTORY.read_text(encoding="utf-8")))


@cache
def registry() -> CollectorRegistry:
    """The registry of this process."""
    return CollectorRegistry()


@cache
def _all() -> dict[str, Any]:
    return {e["name"]: _made(e, registry()) for e in inventory() if e.get("at") != "scrape"}


def _made(entry: Mapping[str, Any], held: CollectorRegistry) -> Any:
    extra = {"buckets": entry["buckets"]} if "buckets" in entry else {}
    kind = _KINDS[entry["type"]]
    return kind(entry["name"], entry["help"], entry.get("labels", ()), registry=held, **extra)


def metric(name: str, **labels: str) -> Any:
    """The metric of the inventory; KeyError for one that is not listed."""
    return _labelled(name, tuple(labels.items())) if labels else _all()[name]


@cache
def _labelled(name: str, labels: tuple[tuple[str, str], ...]) -> Any:
    """Kept as long as the metric itself keeps it: to find it there takes a lock and a while."""
    return _all()[name].labels(**dict(labels))


def count(name: str, amount: float = 1, **labels: str) -> None:
    """Add to a counter."""
    metric(name, **labels).inc(amount)


def scrape(measured: Mapping[str, Any]) -> bytes:
    """The exposition: counters of this process and the gauges `measured` just now.

    `measured`: name -> number, or name -> {label value: number}; None leaves a gauge out.
    """
    _all()  # a counter at zero is said, too
    at_scrape = CollectorRegistry()
    for entry in (e for e in inventory() if e.get("at") == "scrape"):
        value = measured.get(entry["name"])
        if value is None:
            continue
        gauge = _made(entry, at_scrape)
        if isinstance(value, Mapping):
            for label, number in value.items():
                gauge.labels(label).set(number)
        else:
            gauge.set(value)
    return generate_latest(registry()) + generate_latest(at_scrape)
