"""Reading typed fields out of a YAML mapping: every fault names the file and the key."""

from collections.abc import Collection, Mapping
from math import isfinite
from typing import Any

from alerts.knowledge.records import KnowledgeFault


class Fields:
    """The fields of one entry. `done()` refuses what nobody asked for."""

    def __init__(self, file: str, key: str, raw: Any) -> None:
        if not isinstance(raw, Mapping):
            raise KnowledgeFault(f"{file}: {key}: must be a mapping")
        self._where, self._raw = f"{file}: {key}", raw
        self._asked: set[str] = set()

    def fault(self, field: str, why: str) -> KnowledgeFault:
        return KnowledgeFault(f"{self._where}: {field}: {why}")

    def _take(self, field: str, default: Any) -> Any:
        self._asked.add(field)
        if field not in self._raw:
            if default is None:
                raise self.fault(field, "is missing")
            return default
        return self._raw[field]

    def text(self, field: str, default: str | None = None) -> str:
        value = self._take(field, default)
        if not isinstance(value, str) or (default is None and not value.strip()):
            raise self.fault(field, f"must be a text, not {value!r}")
        return value

    def one_of(self, field: str, allowed: Collection[str], default: str | None = None) -> str:
        value = self.text(field, default)
        if value not in allowed and value != default:
            raise self.fault(field, f"{value!r} is not one of {', '.join(allowed)}")
        return value

    def texts(
        self,
        field: str,
        allowed: Collection[str] | None = None,
        *,
        default: tuple[str, ...] | None = None,
    ) -> tuple[str, ...]:
        value = self._take(field, default)
        if not isinstance(value, (list, tuple)) or not all(isinstance(v, str) for v in value):
            raise self.fault(field, "must be a list of texts")
        for item in value:
            if allowed is not None and item not in allowed:
                raise self.fault(field, f"{item!r} is not one of {', '.join(allowed)}")
        return tuple(value)

    def number(self, field: str) -> float:
        return number(self._where, field, self._take(field, None))

    def whole(self, field: str) -> int:
        value = self.number(field)
        if value != int(value):
            raise self.fault(field, f"must be a whole number, not {value:g}")
        return int(value)

    def flag(self, field: str) -> bool:
        value = self._take(field, False)
        if not isinstance(value, bool):
            raise self.fault(field, f"must be true or false, not {value!r}")
        return value

    def mapping(self, field: str) -> Mapping[str, Any]:
        value = self._take(field, {})
        if not isinstance(value, Mapping):
            raise self.fault(field, "must be a mapping")
        return value

    def done(self) -> None:
        for field in self._raw:
            if field not in self._asked:
                raise self.fault(str(field), "is not a field of this entry")


def number(where: str, field: str, value: Any) -> float:
    """A finite number; KnowledgeFault for anything else, true and false included."""
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not isfinite(value):
        raise KnowledgeFault(f"{where}: {field}: must be a number, not {value!r}")
    return float(value)
