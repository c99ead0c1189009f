"""Rule versions by name, by overlay file, or by the folder of an earlier release."""

from pathlib import Path

from alerts.knowledge import Knowledge, KnowledgeFault, load
from alerts.knowledge.loader import load_folder
from service.errors import BadInput


def rules_of(wanted: str | None) -> Knowledge:
    """The rules called `wanted`: None or the current version's name, an overlay file, or a folder
    that holds the rule documents of another release (`alerts/knowledge` as it was then).

    Raises BadInput (`unknown-rules`, `bad-rules`) naming what there is.
    """
    current = load()
    if wanted is None or wanted == current.version:
        return current
    path = Path(wanted)
    if not path.is_file() and not (path / "manifest.yaml").is_file():
        raise BadInput(
            f"No rules are called {wanted!r}: give {current.version!r}, an overlay file or a"
            " folder with the rule documents of a release.",
            code="unknown-rules",
        )
    try:
        return load(path) if path.is_file() else load_folder(path)
    except (KnowledgeFault, KeyError, TypeError, ValueError, OSError) as fault:
        raise BadInput(f"The rules in {path.name}: {fault}", code="bad-rules") from fault


def decided(rules: Knowledge) -> str:
    """The version in words: an overlay says on which release its site decided, or that it does
    not say."""
    if rules.base is None:
        return rules.version
    return f"{rules.version} ({f'decided on {rules.base}' if rules.base else 'names no base'})"
