"""From a match to what is said: mode by basis and context, facts, suggestions, one per pair."""

from collections.abc import Sequence

from alerts.interactions.board import Board, Place
from alerts.interactions.signs import TUBELESS
from alerts.interactions.situation import Held
from alerts.interactions.taken import Taken
from alerts.knowledge.records import SEVERITIES, Row
from alerts.record import record
from alerts.statements import Channel, Datum, Interaction
from alerts.truth import TRUE, UNKNOWN, Truth

_NOTHING = Held(TRUE)
_CONTEXT = "context not certain"


@record
class Match:
    """A row that is met. `drugs`: named where no record of the drug stands on the board."""

    row: Row
    places: tuple[Place, ...]
    state: Truth
    held: Held = _NOTHING
    missing: tuple[str, ...] = ()
    drugs: tuple[str, ...] = ()


def interaction(board: Board, match: Match) -> Interaction | None:
    """What the match says; None when no context of the row holds."""
    row = match.row
    drugs = match.drugs or tuple([p.taken.ingredient for p in match.places])
    holding = board.contexts(row, drugs)
    if not holding:
        return None
    order = _order(row, match.places) if board.drafts else None
    missing = match.missing if match.state is UNKNOWN else ()
    notes = (match.held.note,) if match.held.note else ()
    return Interaction(
        id=row.id,
        severity=row.severity,
        drugs=drugs or _conditions(row),
        mode=_mode(board, row, match.state, ordered=order is not None),
        mechanism=row.mechanism,
        effect=row.effect,
        management=_management(board, row),
        context=(*holding, *notes),
        facts=(*[board.shown(p.taken) for p in match.places], *_facts(board, match)),
        evidence=row.evidence,
        basis=row.basis,
        cite=row.cite,
        label=_label(row, missing),
        order=order.taken.reference if order else "",
        suggest=_suggestions(row, match, order),
        unknown=missing,
        alert_when_confirmed=row.mode_confirmed,
        note=row.note,
        local=row.local,
    )


def _conditions(row: Row) -> tuple[str, ...]:
    return (row.a[0], row.b[0])


def _facts(board: Board, match: Match) -> Sequence[Datum]:
    """The facts of the condition, then the row's other contextual factors, each once."""
    if not match.row.factors:
        return match.held.facts
    shown = {fact.what for fact in match.held.facts}
    factors = [board.factor(kind) for kind in match.row.factors]
    return [*match.held.facts, *[f for f in factors if f.what not in shown]]


def _mode(board: Board, row: Row, state: Truth, *, ordered: bool) -> Channel:
    """Interruptive only at ordering, when everything is certain, and never on basis U (ALR-13)."""
    wanted = row.mode_sus if row.mode_sus and board.suspected(row) else row.mode
    certain = state is TRUE and row.basis != "U"
    loud = wanted == "interruptive" and ordered and certain
    return Channel.INTERRUPTIVE if loud else Channel.PASSIVE


def _management(board: Board, row: Row) -> str:
    """No dopamine antagonist is named as an alternative while NMS is suspected (SAF-08)."""
    suspected = row.management_sus and board.watched()
    return row.management_sus if suspected else row.management


def _label(row: Row, missing: Sequence[str]) -> str:
    if row.basis != "U" and not missing and not row.local:
        return ""
    parts = ["unconfirmed: its source was not seen"] if row.basis == "U" else []
    parts += [f"{_CONTEXT}: {', '.join(missing)}"] if missing else []
    parts += [f"local rule, {row.local}"] if row.local else []
    return "; ".join(parts)


def _order(row: Row, places: Sequence[Place]) -> Place | None:
    """The draft that set it off: of two, the one that the row would rather see gone."""
    drafts = [p for p in places if p.taken.asked]
    if not drafts:
        return None
    preferred = [s.split(":")[1] for s in row.suggest if s.startswith("remove-draft:")]
    rank = {side: n for n, side in reversed(list(enumerate(preferred)))}
    return min(drafts, key=lambda p: (rank.get(p.side, len(rank)), p.taken.reference))


def _suggestions(row: Row, match: Match, order: Place | None) -> tuple[str, ...]:
    """What can be offered now; where the context is not certain only what would settle it."""
    if not row.suggest:
        return ()
    certain = match.state is TRUE
    offered = [
        _offer(suggestion, match.places, order)
        for suggestion in row.suggest
        if certain or suggestion.startswith("monitor:")
    ]
    return tuple(dict.fromkeys([said for said in offered if said]))


def _offer(suggestion: str, places: Sequence[Place], order: Place | None) -> str:
    kind, _, rest = suggestion.partition(":")
    if kind == "monitor":
        return suggestion
    side, _, route = rest.partition(":")
    held = [p for p in places if p.side == side]
    if not held:
        return ""
    place = held[0]
    if kind == "remove-draft":
        return kind if place is order and _starts(place.taken) else ""
    if kind == "hold":
        return f"hold:{place.taken.ingredient}" if not place.taken.draft else ""
    other = place.taken.use.route not in {route, *(TUBELESS if route == "enteral" else ())}
    return f"{kind}:{route}" if place.taken.draft and _starts(place.taken) and other else ""


def _starts(taken: Taken) -> bool:
    return taken.running


def unique(several: Sequence[Interaction]) -> tuple[Interaction, ...]:
    """One message per row and drugs (ALR-05): the surest and loudest, the worst first."""
    if len(several) < 2:
        return tuple(several)
    kept = {(one.id, tuple(sorted(one.drugs))): one for one in several}
    if len(kept) < len(several):  # which of them is kept matters only then
        for one in sorted(several, key=_loudness)[::-1]:  # the surest has the last word
            kept[one.id, tuple(sorted(one.drugs))] = one
    return tuple(sorted(kept.values(), key=lambda i: (SEVERITIES.index(i.severity), i.id, i.drugs)))


def _loudness(one: Interaction) -> tuple[object, ...]:
    sources = tuple(f.source for f in one.facts)
    return (one.mode is not Channel.INTERRUPTIVE, bool(one.unknown), one.order, sources, one.label)
