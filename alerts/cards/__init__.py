"""An assessment as CDS Hooks 2.0.1 cards: plain dicts, nothing but the facts given.

`cards(...)` is the one door. The same assessment, interactions and ids give the same cards.
"""

from alerts.cards.deck import EXTENSION, cards

__all__ = ["EXTENSION", "cards"]
