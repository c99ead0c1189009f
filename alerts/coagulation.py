"""The ISTH score for overt DIC (MGT-DIC) as an interval: what is not recorded counts both ways."""

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache

from alerts.chart import Measurement
from alerts.moment import Moment
from alerts.record import record
from alerts.truth import FALSE, TRUE, UNKNOWN, Truth


@record
class Coagulation:
    """`lower`..`upper` of 8 points; `parts` say which value gave what; `missing` names the rest."""

    lower: int
    upper: int
    overt: Truth
    parts: tuple[str, ...]
    missing: tuple[str, ...]


@record
class _Part:
    name: str
    lower: int
    upper: int
    said: str = ""  # "" = not recorded


def coagulation(now: Moment) -> Coagulation:
    """Points from the newest value of each test in `dic.window_h` (isth_dic)."""
    known: Coagulation | None = now.answers.get("coagulation")
    if known is None:
        known = now.answers["coagulation"] = _scored(now)
    return known


def _scored(now: Moment) -> Coagulation:
    newest = [_newest(now, kind) for kind in _READ]
    limit = now.knowledge["dic.overt"]
    if not any(newest):  # as for most patients
        return _unread(limit)
    return _counted(
        [read(reading) for read, reading in zip(_READ.values(), newest, strict=True)], limit
    )


def _newest(now: Moment, kind: str) -> Measurement | None:
    found = now.recent(kind, "dic.window_h")
    return found[-1] if found else None


@lru_cache(maxsize=16)  # of the limits that versions of the rules set
def _unread(limit: float) -> Coagulation:
    """With nothing recorded the score may be anything."""
    return _counted([read(None) for read in _READ.values()], limit)


def _counted(parts: Sequence[_Part], limit: float) -> Coagulation:
    lower, upper = sum([p.lower for p in parts]), sum([p.upper for p in parts])
    overt = TRUE if lower >= limit else FALSE if upper < limit else UNKNOWN
    return Coagulation(
        lower,
        upper,
        overt,
        tuple([p.said for p in parts if p.said]),
        tuple([p.name for p in parts if not p.said]),
    )


def _platelets(reading: Measurement | None) -> _Part:
    if reading is None or reading.comparator in {">", ">="}:
        return _Part("platelets", 0, 2)
    points = 0 if reading.value >= 100 else 1 if reading.value >= 50 else 2
    top = 2 if reading.comparator else points
    return _Part("platelets", points, top, f"platelets {reading.value:g} ×10⁹/L")


def _d_dimer(reading: Measurement | None) -> _Part:
    """Moderate and strong are the laboratory's words: a raised value is 2 to 3 points."""
    if reading is None or not reading.reference_high:
        return _Part("D-dimer with its upper limit", 0, 3)
    times = reading.value / reading.reference_high
    if times <= 1:
        return _Part("D-dimer", 0, 0, "D-dimer not raised")
    return _Part("D-dimer", 2, 3, f"D-dimer {times:.1f} × ULN")


def _prothrombin_time(reading: Measurement | None) -> _Part:
    """Seconds above the laboratory's upper limit; an INR cannot be read as seconds."""
    if reading is None or not reading.reference_high:
        return _Part("prothrombin time in seconds", 0, 2)
    longer = max(reading.value - reading.reference_high, 0.0)
    points = 0 if longer < 3 else 1 if longer <= 6 else 2
    return _Part("prothrombin time", points, points, f"PT prolonged by {longer:g} s")


def _fibrinogen(reading: Measurement | None) -> _Part:
    if reading is None:
        return _Part("fibrinogen", 0, 1)
    points = 0 if reading.value >= 1 else 1
    return _Part("fibrinogen", points, points, f"fibrinogen {reading.value:g} g/L")


# a test -> how its newest value counts
_READ: Mapping[str, Callable[[Measurement | None], _Part]] = {
    "platelets": _platelets,
    "d_dimer": _d_dimer,
    "prothrombin_time": _prothrombin_time,
    "fibrinogen": _fibrinogen,
}
