"""The data files, read. The everyday part at once, the big tables of codes on first use."""

import csv
import gzip
import io
import sys
from array import array
from bisect import bisect_left
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate
from pathlib import Path
from typing import Any

import yaml

# From the source tables, and those that interaction rows need beyond them (names only, no codes).
INGREDIENT_FILES = ("ingredients.csv", "authored_ingredients.csv")
# From the source tables, and codes looked up one by one since, each with where it was verified.
OBSERVATION_FILES = ("observations.csv", "added_observations.csv")
FINDING_FILES = ("findings.csv", "added_findings.csv")
# The Global Patient Set, and what the NHS gives out in dm+d under the Open Government Licence.
SNOMED_DRUG_FILES = ("snomed_drugs.csv", "dmd.csv.gz")
DATA = Path(__file__).parent / "data"


def rows(name: str) -> list[dict[str, str]]:
    """The rows of a CSV file of the package."""
    return list(csv.DictReader(io.StringIO(_text(name))))


def _text(name: str) -> str:
    raw = (DATA / name).read_bytes()
    return (gzip.decompress(raw) if name.endswith(".gz") else raw).decode()


def manifest() -> dict[str, Any]:
    """Version and checksums of the data."""
    told: dict[str, Any] = yaml.load((DATA / "manifest.yaml").read_bytes(), yaml.CSafeLoader)
    return told


@dataclass(frozen=True, slots=True)
class Profile:
    """What a drug code means. `depot`: Y, N, short_depot, form_dependent or empty."""

    ingredients: tuple[str, ...]
    depot: str = ""
    product: str | None = None
    route: str | None = None
    form: str | None = None


class DrugCodes:
    """RxNorm and NDC: read when first asked (about 40 ms and 30 ms)."""

    @cached_property
    def profiles(self) -> list[Profile]:
        return [
            Profile(
                tuple(r["ingredients"].split("|")) if r["ingredients"] else (),
                r["depot"],
                r["product"] or None,
                r["route"] or None,
                r["form"] or None,
            )
            for r in rows("profiles.csv.gz")
        ]

    @cached_property
    def rxnorm(self) -> dict[str, tuple[str, int]]:
        """rxcui -> (term type, profile)."""
        lines = _text("rxnorm.csv.gz").split("\n")[1:-1]
        split = (line.split(",") for line in lines)
        return {rxcui: (tty, int(profile)) for rxcui, tty, profile in split}

    @cached_property
    def _ndc(self) -> "tuple[array[int], array[int]]":
        raw = gzip.decompress((DATA / "ndc.bin").read_bytes())
        count = int.from_bytes(raw[:8], "little")
        steps, kinds = array("Q"), array("H")
        steps.frombytes(raw[8 : 8 + 8 * count])
        kinds.frombytes(raw[8 + 8 * count :])
        if sys.byteorder == "big":
            steps.byteswap()
            kinds.byteswap()
        return array("Q", accumulate(steps)), kinds

    def ndc(self, digits: str) -> list[Profile]:
        """The distinct profiles of eleven digits, or of all packages under nine."""
        numbers, kinds = self._ndc
        width = 10 ** (11 - len(digits))
        low = int(digits) * width
        start, end = bisect_left(numbers, low), bisect_left(numbers, low + width)
        return [self.profiles[kind] for kind in sorted(set(kinds[start:end]))]
