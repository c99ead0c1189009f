"""To whom an alert can be handed over: who has signed in here, as they are called."""

from collections.abc import Iterable, Sequence
from difflib import get_close_matches

from service.errors import BadInput
from service.security.session import User
from service.store import Person

# names offered on a page, the newest sign-ins first; and those that may have been meant
OFFERED, MEANT = 200, 3
# of difflib: one or two letters off in a name of ten
ALIKE = 0.75


class Unknown(BadInput):
    """Nobody of that name has signed in here (409): to be said, and handed over all the same if
    the one who does it says so. `meant`: known names that are spelt alike."""

    status = 409
    issue = "conflict"

    def __init__(self, name: str, meant: Sequence[str]) -> None:
        words = f"Nobody of the name {name} has signed in here. Nothing was handed over."
        alike = f" Spelt alike: {', '.join(meant)}." if meant else ""
        super().__init__(words + alike, code="hand-over-unknown", location="to")
        self.name, self.meant = name, tuple(meant)


def offered(people: Iterable[Person], user: User, ward: str = "") -> list[str]:
    """Names for the form, by the alphabet: everybody but the user who cares for the ward, or where
    none is told for one of the user's."""
    wards = {ward} if ward else set(user.wards)
    found = [
        person
        for person in people
        if person.name != user.name
        and (not person.wards or not wards or not wards.isdisjoint(person.wards))
    ]
    newest = sorted(found, key=lambda person: person.at, reverse=True)[:OFFERED]
    return sorted(person.name for person in newest)


def as_known(name: str, people: Iterable[Person]) -> str:
    """The name as its bearer is known, whatever the spaces and capitals: under another spelling it
    would never be theirs. Raises Unknown."""
    names = [person.name for person in people]
    if name in names:
        return name
    folded = {_folded(known): known for known in names}
    if (known := folded.get(_folded(name))) is not None:
        return known
    alike = get_close_matches(_folded(name), folded, MEANT, ALIKE)
    raise Unknown(name, [folded[each] for each in alike])


def _folded(name: str) -> str:
    return " ".join(name.casefold().split())
