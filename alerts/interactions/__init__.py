"""Interaction rows (SPEC 6): when each applies to this patient, and what it may do.

Interruptive rows interrupt at ordering or verification only; on running drugs the same row goes
to the list. A context that cannot be decided makes the row passive and says what is unknown.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime

from alerts.chart import Chart, MedicationUse
from alerts.interactions.board import Board
from alerts.interactions.pairs import alone, pairs, with_states
from alerts.interactions.situation import Situation
from alerts.interactions.stops import stop_orders, stopped
from alerts.interactions.verdict import Match, interaction, unique
from alerts.knowledge import Knowledge
from alerts.moment import moment
from alerts.statements import Assessment, Interaction

__all__ = ["Situation", "order_interactions", "running_interactions"]


def running_interactions(situation: Situation) -> tuple[Interaction, ...]:
    """Rows that hold among the drugs the patient is on: for the list, never interruptive."""
    board = Board(situation)
    found = [*_met(board, ordering=False), *stopped(board)]
    for row in situation.now.knowledge.index.alone:
        found += alone(board, row)
    return _said(board, found)


def order_interactions(
    drafts: Sequence[MedicationUse],
    chart: Chart,
    assessment: Assessment,
    knowledge: Knowledge,
    as_of: datetime,
) -> tuple[Interaction, ...]:
    """Rows that the draft orders set off against each other and against the chart.

    A draft that stops, holds, cancels or forbids a drug is a stop, not an order. A draft with no
    recognised drug sets nothing off: the caller reports it as unreadable. Most severe first.
    """
    situation = Situation(
        moment(chart, knowledge, as_of),
        assessment.tier.name,
        assessment.onset,
        assessment.withdrawals,
        assessment.findings,
    )
    board = Board(situation, drafts)
    return _said(board, [*_met(board, ordering=True), *stop_orders(board)])


def _met(board: Board, *, ordering: bool) -> Iterator[Match]:
    sides = board.situation.now.knowledge.index.states
    for row, a, b in board.places.values():
        of_a, of_b = sides[row.id]
        if ordering and not any(p.taken.asked for p in (*a, *b)):
            continue
        if a and b:
            yield from pairs(board, row, a, b, ordering=ordering)
        if a and of_b:
            yield from with_states(board, row, a, of_b, ordering=ordering)
        if b and of_a:
            yield from with_states(board, row, b, of_a, ordering=ordering)


def _said(board: Board, found: Sequence[Match]) -> tuple[Interaction, ...]:
    told = [interaction(board, match) for match in found]
    return unique([one for one in told if one is not None])
