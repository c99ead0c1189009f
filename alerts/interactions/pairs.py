"""Drug against drug, and drug against the patient's state."""

from collections.abc import Iterator, Sequence

from alerts.interactions.board import Board, Place, reach
from alerts.interactions.situation import NOT_HELD, Held
from alerts.interactions.states import told
from alerts.interactions.taken import Taken
from alerts.interactions.verdict import Match
from alerts.knowledge.records import Row
from alerts.moment import TICK
from alerts.truth import FALSE, TRUE, UNKNOWN, both


def pairs(
    board: Board, row: Row, firsts: Sequence[Place], seconds: Sequence[Place], *, ordering: bool
) -> Iterator[Match]:
    """Drug against drug; direction does not matter unless the row says so."""
    for one in firsts:
        for two in seconds:
            if not _meet(board, row, one, two, ordering=ordering):
                continue
            if one.state is two.state is UNKNOWN:
                continue  # nothing recorded points to the pair
            state = both((one.state, two.state))
            missing = tuple(m for m in (one.missing, two.missing) if m)
            if row.direction:
                held = _directed(board, row, one.taken, two.taken)
                if held.state is FALSE:
                    continue
                state = both((state, held.state))
                missing += (held.missing,) if held.missing else ()
            yield Match(row, (one, two), state, missing=missing)


def _meet(board: Board, row: Row, one: Place, two: Place, *, ordering: bool) -> bool:
    a, b, knowledge = one.taken, two.taken, board.situation.now.knowledge
    if a.use is b.use or knowledge.substance(a.ingredient) == knowledge.substance(b.ingredient):
        return False
    if row.direction == "inducer_stopped":
        return not ordering or a.ending or b.draft
    if ordering and not (a.draft or b.draft):
        return False
    if any(p.taken.stopped and row.stops == p.side for p in (one, two)):
        return False
    return _lately(board, row, a) and _lately(board, row, b)


def _lately(board: Board, row: Row, taken: Taken) -> bool:
    """Taken lately enough for this row; and when that will end."""
    limit = reach(board, row, taken)
    if taken.gap > limit:
        return False
    if taken.gap:
        now = board.situation.now
        now.until(now.as_of - taken.gap + limit + TICK)
    return True


def _directed(board: Board, row: Row, a: Taken, b: Taken) -> Held:
    if row.direction == "second_added":
        return _second_added(board, a, b)
    now = board.situation.now
    lately = a.stopped and a.gap <= now.days("interaction.inducer_d")
    goes_on = b.draft or b.running or (b.certain is UNKNOWN and not b.stopped)
    return Held(TRUE, note="inducer stopped") if lately and goes_on else NOT_HELD


def _second_added(board: Board, a: Taken, b: Taken) -> Held:
    """One of the two is new: a draft, or begun within the 30 days in which risk is highest."""
    if _gone(a) or _gone(b):
        return NOT_HELD
    if a.draft or b.draft:
        return Held(TRUE)
    now = board.situation.now
    begun = [t.begun for t in (a, b) if t.begun is not None]
    window = now.days("interaction.poly_watch_d")
    if any(not now.older(at, window) for at in begun):
        return Held(TRUE)
    return NOT_HELD if len(begun) == 2 else Held(UNKNOWN, missing="when the second was added")


def _gone(taken: Taken) -> bool:
    """Stopped; a depot goes on acting."""
    return taken.stopped and taken.use.long_acting is not TRUE


def with_states(
    board: Board, row: Row, places: Sequence[Place], names: Sequence[str], *, ordering: bool
) -> Iterator[Match]:
    """Drug against the patient's state; several states of one row are told together."""
    for place in places:
        taken = place.taken
        if ordering and not taken.draft:
            continue
        if not board.contexts(row, (taken.ingredient,)):
            continue
        if _gone(taken) or not _lately(board, row, taken):
            continue
        if len(names) == 1:
            held = board.states.answer(names[0], row, taken)
        else:
            held = told([board.states.answer(name, row, taken) for name in names])
        if held.state is FALSE or place.state is held.state is UNKNOWN:
            continue  # not met, or nothing recorded points to it
        missing = tuple(m for m in (place.missing, held.missing) if m)
        yield Match(row, (place,), both((place.state, held.state)), held, missing)


def alone(board: Board, row: Row) -> Iterator[Match]:
    """State against state: no drug is needed."""
    sides = board.situation.now.knowledge.index.states[row.id]
    answers = [told([board.states.answer(name, row, None) for name in names]) for names in sides]
    state = both([held.state for held in answers])
    if state is FALSE or not any(held.state is TRUE for held in answers):
        return
    joined = Held(
        state,
        tuple(f for held in answers for f in held.facts),
        ", ".join(held.note for held in answers if held.note),
    )
    missing = tuple(held.missing for held in answers if held.missing)
    yield Match(row, (), state, joined, missing)
