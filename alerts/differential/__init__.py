"""The look-alikes (SPEC 7): weighed by the facts, shown beside the tier, never lowering it."""

from alerts.differential.ranked import differential, weighable

__all__ = ["differential", "weighable"]
