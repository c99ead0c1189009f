"""Facts assembled fast: a frozen dataclass pays for every field it sets on itself.

`assembler(kind)` makes the same objects in a third of the time: it fills an open twin with the
same slots, then gives it the frozen class. A test compares the two ways.
"""

from collections.abc import Callable
from dataclasses import MISSING, fields
from typing import Any, TypeVar

T = TypeVar("T")


def assembler(kind: type[T]) -> Callable[..., T]:
    """`kind` itself, called with its fields in order; it must be a slotted dataclass."""
    told = fields(kind)  # type: ignore[arg-type]
    twin: Any = type(kind.__name__, (), {"__slots__": tuple(one.name for one in told)})
    try:
        object.__new__(twin).__class__ = kind
    except TypeError:  # another Python lays objects out in another way
        return kind
    # written out as a dataclass writes its own __init__: one line for each field
    usual = {one.name: one.default for one in told if one.default is not MISSING}
    takes = [f"{one.name}=_usual['{one.name}']" if one.name in usual else one.name for one in told]
    lines = [
        f"def assemble({', '.join(takes)}):",
        "    _made = _new(_twin)",
        *(f"    _made.{one.name} = {one.name}" for one in told),
        "    _made.__class__ = _kind",
        "    return _made",
    ]
    known: dict[str, Any] = {"_twin": twin, "_kind": kind, "_new": object.__new__, "_usual": usual}
    exec("\n".join(lines), known)  # noqa: S102 - the names of our own fields
    assemble: Callable[..., T] = known["assemble"]
    return assemble
