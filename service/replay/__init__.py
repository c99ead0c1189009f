"""QA replay: fixture bundles, their clock and a rule version -> a report.

The same reader, the same chart, the same `assess` as production; pure but for reading files.
"""

from service.replay.report import Report, replay

__all__ = ["Report", "replay"]
