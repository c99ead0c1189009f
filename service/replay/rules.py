"""Rule versions by name or by file."""

from pathlib import Path

from alerts.knowledge import Knowledge, KnowledgeFault, load
from service.errors import BadInput


def rules_of(wanted: str | None) -> Knowledge:
    """The rules called `wanted`: None or the current version's name, or an overlay file.

    Raises BadInput (`unknown-rules`, `bad-rules`) naming what there is.
    """
    current = load()
    if wanted is None or wanted == current.version:
        return current
    overlay = Path(wanted)
    if not overlay.is_file():
        raise BadInput(
            f"No rules are called {wanted!r}: give {current.version!r} or an overlay file.",
            code="unknown-rules",
        )
    try:
        return load(overlay)
    except (KnowledgeFault, KeyError, TypeError, ValueError) as fault:
        raise BadInput(f"The rules in {overlay.name}: {fault}", code="bad-rules") from fault
