"""The records of the medicine: fixed once made, and cheap to make.

A dataclass frozen at run time pays for every field it sets on itself, four times what a plain one
costs; an assessment makes hundreds. Here the type checker forbids the change instead.
"""

from dataclasses import dataclass, field
from typing import TypeVar, dataclass_transform

T = TypeVar("T")


@dataclass_transform(frozen_default=True, field_specifiers=(field,))
def record(cls: type[T]) -> type[T]:
    """A dataclass with slots, equal and hashed by its fields; nobody may change one."""
    return dataclass(slots=True, unsafe_hash=True)(cls)
