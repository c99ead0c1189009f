"""An answer about a sign, and a sign as told by it."""

from dataclasses import dataclass

from alerts.chart import SignKind
from alerts.truth import Truth
from service.fhir.reader.codes import Coded


@dataclass(frozen=True, slots=True)
class Answer:
    """What was answered. `coded`: as a code; else as free text (`structured` False)."""

    value: Coded | bool
    structured: bool = True
    also: str = ""  # interpretation and notes: only for "new or worse" and for where it is
    where: str = ""  # the body site of the record

    @property
    def words(self) -> str:
        return self.value.words if isinstance(self.value, Coded) else ""


@dataclass(frozen=True, slots=True)
class Told:
    """A sign as told, still without time and source."""

    kind: SignKind
    present: Truth
    detail: str | None = None
