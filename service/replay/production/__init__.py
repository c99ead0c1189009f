"""From production to a fixture and back: de-identified export, recorded decisions replayed."""

from service.replay.production.export import Exported, export
from service.replay.production.recorded import Recorded, recorded

__all__ = ["Exported", "Recorded", "export", "recorded"]
