"""The trace of an assessment: what each of its findings and rules read."""

from collections.abc import Mapping

from alerts.knowledge import Knowledge
from alerts.knowledge.records import Parameter
from alerts.ledger import Account
from alerts.record import record


@record
class Step:
    """One entry of the trace: what a finding or rule read.

    `reads`: kind of reading, window in hours, how many readings were in it.
    """

    id: str
    thresholds: tuple[Parameter, ...]
    reads: tuple[tuple[str, float, int], ...]


def steps(accounts: Mapping[str, Account], knowledge: Knowledge) -> tuple[Step, ...]:
    """A step for each account, by the name of the finding or rule that it belongs to."""
    known, parameters = knowledge.memo, knowledge.parameters
    found = []
    for name, account in accounts.items():
        read = ("step", name, *account.parameters)
        step: Step | None = known.get(read)  # without looks: the same for every patient
        if step is None:
            thresholds = tuple([parameters[key] for key in account.parameters])
            step = known[read] = Step(name, thresholds, ())
        if account.looks:
            step = Step(name, step.thresholds, tuple(account.looks))
        found.append(step)
    return tuple(found)
