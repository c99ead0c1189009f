"""The trace of an assessment: what each of its findings and rules read."""

from alerts.knowledge.records import Parameter
from alerts.record import record


@record
class Step:
    """One entry of the trace: what a finding or rule read.

    `reads`: kind of reading, window in hours, how many readings were in it.
    """

    id: str
    thresholds: tuple[Parameter, ...]
    reads: tuple[tuple[str, float, int], ...]
