"""Just enough of PromQL to ask our own alert rules of two scrapes, one window apart."""

import re
from collections.abc import Iterable

from prometheus_client.parser import text_string_to_metric_families

Samples = dict[tuple[str, frozenset[tuple[str, str]]], float]
_LABELS = r"(?:\{(?P<labels>(?:[^\"}]|\"[^\"]*\")*)\})?"
_SELECTOR = rf"(?P<name>[a-z_]+){_LABELS}"
_DELTA = re.compile(rf"sum\((?:rate|increase)\(\s*{_SELECTOR}\[\d+m\]\)\)")
_ABSENT = re.compile(r"absent\((?P<name>[a-z_]+)\)")
_QUANTILE = re.compile(
    rf"histogram_quantile\((?P<q>[\d.]+), sum by \(le\) \(rate\(\s*{_SELECTOR}\[\d+m\]\)\)\)"
)
_PLAIN = re.compile(rf'(?<![\w"])(?P<name>nms_[a-z_]+){_LABELS}')


def samples(scrape: bytes) -> Samples:
    return {
        (one.name, frozenset(one.labels.items())): one.value
        for family in text_string_to_metric_families(scrape.decode())
        for one in family.samples
    }


def fires(expression: str, before: Samples, after: Samples) -> bool:
    """Whether the rule holds of `after`, with what was counted since `before`."""

    def delta(hit: re.Match[str]) -> str:
        keys = _matching(after, hit["name"], hit["labels"])
        return str(sum(after[key] - before.get(key, 0.0) for key in keys))

    def value(hit: re.Match[str]) -> str:
        keys = list(_matching(after, hit["name"], hit["labels"]))
        return str(max((after[key] for key in keys), default=float("nan")))

    def quantile(hit: re.Match[str]) -> str:
        counts: dict[float, float] = {}
        for key in _matching(after, hit["name"], hit["labels"]):
            bound = float(dict(key[1])["le"])
            counts[bound] = counts.get(bound, 0.0) + after[key] - before.get(key, 0.0)
        total = max(counts.values(), default=0.0)
        above = [b for b, n in sorted(counts.items()) if total and n >= total * float(hit["q"])]
        return str(above[0]) if above else "nan"

    asked = _QUANTILE.sub(quantile, " ".join(expression.split()))
    asked = _DELTA.sub(delta, asked)
    asked = _ABSENT.sub(lambda hit: str(not list(_matching(after, hit["name"], None))), asked)
    asked = _PLAIN.sub(value, asked)
    if "/ 0.0" in asked:
        return False
    return bool(eval(asked, {"nan": float("nan"), "inf": float("inf")}))  # our own file


def _matching(
    found: Samples, name: str, labels: str | None
) -> Iterable[tuple[str, frozenset[tuple[str, str]]]]:
    wanted = re.findall(r"(\w+)(=~|=)\"([^\"]*)\"", labels or "")
    for key in found:
        held = dict(key[1])
        if key[0] == name and all(
            re.fullmatch(text if how == "=~" else re.escape(text), held.get(label, ""))
            for label, how, text in wanted
        ):
            yield key
