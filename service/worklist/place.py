"""Where a page of a long list ended, as a token that a program hands back to read on."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import orjson

from service.errors import BadInput
from service.worklist.item import Item
from service.worklist.rows import Urgency, urgency

_FORM = (bool, int, bool, bool, str, bool, str)


@dataclass(frozen=True, slots=True)
class Place:
    """`after`: the urgency of the last alert that was told, as of `at`. `cursor`: of the changes,
    as of the first page.

    A place in the order, not a number of rows: what leaves the pages that were read moves nothing
    over their edge unseen. `at` stays that of the first page, so that time moves nothing either.
    """

    after: Urgency
    at: datetime
    cursor: int

    def rest(self, ordered: Sequence[Item]) -> list[Item]:
        """What comes after this place. `ordered`: by urgency as of `at`."""
        return [item for item in ordered if urgency(item, self.at) > self.after]

    @property
    def token(self) -> str:
        held = orjson.dumps([self.cursor, self.at, *self.after])
        return urlsafe_b64encode(held).decode().rstrip("=")


def place_of(token: str) -> Place | None:
    """A place as sent by a client; None when there is none."""
    if not token:
        return None
    try:
        held = orjson.loads(urlsafe_b64decode(token + "=" * (-len(token) % 4)))
        cursor, at, *after = held
        if type(cursor) is not int or tuple(map(type, after)) != _FORM:
            raise ValueError(token)
        snoozed, rank, owned, fullest, since, part, key = after
        place = (snoozed, rank, owned, fullest, _instant(since), part, key)
        return Place(place, _instant(at), cursor)
    except (ValueError, TypeError) as fault:
        said = "A page is what an answer named as its next page, unchanged."
        raise BadInput(said, code="page") from fault


def _instant(text: str) -> datetime:
    at = datetime.fromisoformat(text)
    if at.tzinfo is None:
        raise ValueError(text)
    return at
