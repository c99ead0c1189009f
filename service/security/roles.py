"""Who may do what: the role matrix, and the dependency by which every route says what it needs.

A route without one fails a test. `local` is the one-time link of this machine: it may everything.
"""

from enum import StrEnum
from typing import Annotated

from fastapi import Depends, Request

from service.security.session import Forbidden, User, require_user


class Role(StrEnum):
    """`ehr` is a record system: it comes through the hooks and the intake, never to a page."""

    EHR = "ehr"
    NURSE = "nurse"
    PHARMACIST = "pharmacist"
    PHYSICIAN = "physician"
    QA = "qa"
    ADMIN = "admin"
    LOCAL = "local"


class May(StrEnum):
    """What a route may need. A closed list."""

    LIST = "list"  # see the worklist and its live stream
    PATIENT = "patient"  # read one patient
    ACT = "act"  # claim, snooze, resolve ...
    TICK = "tick"  # tick the plan
    EXAMINE = "examine"  # record a bedside check
    ATTEST = "attest"  # state that the work-up is negative
    EXPORT = "export"  # take the list away as a file
    AUDIT = "audit"  # read who did what
    BREAK_GLASS = "break-glass"  # read a patient of another ward, for a reason


_WARD = {May.LIST, May.PATIENT, May.ACT, May.TICK, May.EXAMINE, May.BREAK_GLASS}
MATRIX: dict[Role, frozenset[May]] = {
    Role.EHR: frozenset(),
    Role.NURSE: frozenset(_WARD),
    Role.PHARMACIST: frozenset(_WARD | {May.EXPORT}),
    Role.PHYSICIAN: frozenset(_WARD | {May.EXPORT, May.ATTEST}),
    Role.QA: frozenset({May.LIST, May.PATIENT, May.EXPORT, May.AUDIT}),
    # who runs the service needs no patient; in an emergency the glass can be broken
    Role.ADMIN: frozenset({May.AUDIT, May.BREAK_GLASS}),
    Role.LOCAL: frozenset(May),
}
# words that sites and earlier links use for a role
_OTHER_WORDS = {"psychiatrist": Role.PHYSICIAN, "doctor": Role.PHYSICIAN, "rn": Role.NURSE}


def role_of(word: str) -> Role | None:
    """The role that a word names; None when it names none, which may nothing."""
    word = word.strip().lower()
    return next((role for role in Role if role.value == word), _OTHER_WORDS.get(word))


def may(user: User, what: May) -> bool:
    role = role_of(user.role)
    return role is not None and what in MATRIX[role]


class Needs:
    """The signed-in user, who may `what`. NotAllowed (401) without sign-in, Forbidden (403)."""

    def __init__(self, what: May) -> None:
        self.what = what

    async def __call__(self, request: Request) -> User:
        user = require_user(request)
        if not may(user, self.what):
            raise Forbidden("Your role does not include this.", code="role")
        return user


Lister = Annotated[User, Depends(Needs(May.LIST))]
Reader = Annotated[User, Depends(Needs(May.PATIENT))]
Actor = Annotated[User, Depends(Needs(May.ACT))]
Ticker = Annotated[User, Depends(Needs(May.TICK))]
Examiner = Annotated[User, Depends(Needs(May.EXAMINE))]
Exporter = Annotated[User, Depends(Needs(May.EXPORT))]
Auditor = Annotated[User, Depends(Needs(May.AUDIT))]
Breaker = Annotated[User, Depends(Needs(May.BREAK_GLASS))]
