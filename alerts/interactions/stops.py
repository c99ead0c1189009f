"""Abrupt stops: an order that stops a drug, or a stop that has happened (SPEC 3.4, INT-*-STOP)."""

from collections.abc import Iterator
from datetime import timedelta

from alerts.chart import Evidence, MedicationUse, UseStatus
from alerts.dosing import Certainty, dosing
from alerts.interactions.board import Board, Place
from alerts.interactions.situation import Held
from alerts.interactions.taken import STOPPING, Taken, stops
from alerts.interactions.verdict import Match
from alerts.knowledge.records import Hit
from alerts.statements import Datum
from alerts.truth import TRUE, UNKNOWN

_ABRUPT = "abrupt_stop"


def stop_orders(board: Board) -> Iterator[Match]:
    """Drafts that stop, hold, cancel or forbid a drug that nothing replaces."""
    for draft in board.drafts:
        for ingredient in draft.ingredients if stops(draft) else ():
            hits = _hits(board, ingredient)
            if not hits or _replaced(board, ingredient, draft):
                continue
            note = f"order to stop ({draft.status.value})"
            if draft.do_not_perform:
                note = "order not to give"
            held = Held(TRUE, note=note)
            if not _was_taken(board, ingredient, draft):
                held = Held(UNKNOWN, note=note, missing=f"whether {ingredient} was being taken")
            taken = Taken(draft, ingredient, timedelta(0), running=False, certain=TRUE, draft=True)
            for hit in hits:
                yield _match(hit, taken, held)


def stopped(board: Board) -> Iterator[Match]:
    """Stops that have happened: withdrawals as the findings read them, and other drugs."""
    now = board.situation.now
    for stop in board.situation.withdrawals:
        if stop.reading not in {"full", "extended"}:
            continue
        fact = Datum(stop.drug, stop.reason, "", stop.at, stop.source, stop.trigger)
        held = Held(TRUE, (fact,), stop.trigger)
        for hit in _hits(board, stop.drug):
            yield Match(hit.row, (), TRUE, held, drugs=(stop.drug,))
    for taken in board.present:
        if taken.ingredient in now.knowledge.dopaminergic or not _ended(board, taken):
            continue
        held = Held(TRUE, note="order stopped, nothing replaces it")
        for hit in _hits(board, taken.ingredient):
            yield _match(hit, taken, held)


def _hits(board: Board, ingredient: str) -> list[Hit]:
    index = board.situation.now.knowledge.index
    return [
        hit
        for hit in index.drugs.get(ingredient, ())
        if hit.side == "a" and _ABRUPT in index.states[hit.row.id][1]
    ]


def _match(hit: Hit, taken: Taken, held: Held) -> Match:
    place = Place(taken, hit.side, TRUE, "")
    missing = (held.missing,) if held.missing else ()
    return Match(hit.row, (place,), held.state, held, missing)


def _ended(board: Board, taken: Taken) -> bool:
    """A regular order that was stopped within the last days, with no other in force."""
    use, now = taken.use, board.situation.now
    if use.evidence is not Evidence.ORDER or use.as_needed or use.status not in STOPPING:
        return False
    if not taken.stopped or taken.gap > now.hours("interaction.stop_h"):
        return False
    return not _replaced(board, taken.ingredient, use)


def _replaced(board: Board, ingredient: str, stop: MedicationUse) -> bool:
    """Another order for the same substance, or a new one of a drug that takes its place.

    A stop that names no order of the chart may stop any of them: none of them then replaces it.
    """
    knowledge, orders = board.situation.now.knowledge, board.situation.now.chart.orders
    same = knowledge.substance(ingredient)
    known = {u.source.reference for u in orders.get(ingredient, ())}
    others = [t for t in board.present if t.running and t.use.status is UseStatus.ACTIVE]
    if stop.source.reference not in known:
        others = [t for t in others if knowledge.substance(t.ingredient) != same]
    if any(knowledge.substance(t.ingredient) == same for t in (*others, *board.ordering)):
        return True
    if knowledge.is_member(ingredient, "benzodiazepine"):
        both = (*others, *board.ordering)
        return any(knowledge.is_member(t.ingredient, "benzodiazepine") for t in both)
    replacers = knowledge.classes["levodopa"] | knowledge.classes["dopamine_agonist"]
    return ingredient in replacers and any(t.ingredient in replacers for t in board.ordering)


def _was_taken(board: Board, ingredient: str, draft: MedicationUse) -> bool:
    """A cancelled order was withdrawn before any dose, unless the chart shows the drug in use."""
    if draft.status is not UseStatus.CANCELLED:
        return True
    if any(t.ingredient == ingredient for t in board.present):
        return True
    now = board.situation.now
    return any(
        dosing(use, now.as_of).certainty is Certainty.PRESUMED
        for use in now.chart.orders.get(ingredient, ())
        if use.source.reference == draft.source.reference
    )
