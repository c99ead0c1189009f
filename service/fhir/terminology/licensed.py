"""SNOMED CT and dm+d identifiers that need an affiliate licence: off until a deployment says so.

The files hold identifiers and our own keys, no description. `NMS_SENTINEL_SNOMED_LICENSED=1` states
that the deployment holds a licence (free in member countries of SNOMED International).
"""

import os
from collections.abc import Iterator, Mapping
from functools import cache

from service.errors import SettingsFault
from service.fhir.terminology.tables import rows

VARIABLE = "NMS_SENTINEL_SNOMED_LICENSED"
FILES = ("snomed_licensed.csv.gz", "authored_licensed.csv")
SNOMED = "http://snomed.info/sct"
_ON, _OFF = frozenset({"1", "true", "yes", "on"}), frozenset({"", "0", "false", "no", "off"})
Row = dict[str, str]


def is_on(environ: Mapping[str, str] | None = None) -> bool:
    """Did the deployment state that it is licensed? SettingsFault for a value that says neither."""
    told = (os.environ if environ is None else environ).get(VARIABLE, "").strip().lower()
    if told in _ON:
        return True
    if told in _OFF:
        return False
    raise SettingsFault(f"{VARIABLE}: {told!r} is neither 1 nor 0", code="snomed-licensed")


def standing() -> str:
    """One line on whether the licensed identifiers are used, for people."""
    count = sum(1 for _ in all_rows())
    if is_on():
        return f"SNOMED CT: {count} licensed identifiers are on ({VARIABLE})."
    return f"SNOMED CT: {count} licensed identifiers are off; {VARIABLE}=1 switches them on."


def all_rows() -> Iterator[Row]:
    """Every row of the licensed files, in the columns of a site's file."""
    for name in FILES:
        yield from rows_of(name)


def rows_of(name: str) -> Iterator[Row]:
    for row in rows(name):
        yield {"system": "sct", "unit": "", "site": "", "depot": "", **row}


@cache
def codes_of(kind: str) -> dict[tuple[str, str], str]:
    """(SNOMED CT URI, code) -> target of the rows "presence" or "route"; empty when off."""
    if not is_on():
        return {}
    return {(SNOMED, row["code"]): row["target"] for row in all_rows() if row["kind"] == kind}
