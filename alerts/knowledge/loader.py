"""Typed loader of the knowledge (being written)."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Knowledge:
    version: str


def load() -> Knowledge:
    return Knowledge(version="2026.1")
