"""Short codes and free words, made fit for both databases."""

import re

_ODD = re.compile(r"[^a-z0-9.-]+")


def reason_code(given: str) -> str:
    """A code of at most 40 letters, digits, dots and hyphens."""
    return _ODD.sub("-", given.lower()).strip("-")[:40] or "unknown"


def clean(given: str, limit: int) -> str:
    """Free words without what PostgreSQL cannot hold (NUL, lone surrogates), cut to `limit`."""
    if given.isascii():
        return given.replace("\0", "")[:limit]
    return given.replace("\0", "").encode("utf-8", "replace").decode()[:limit]
