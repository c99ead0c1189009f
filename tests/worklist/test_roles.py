"""Every route says what it needs, and the matrix is kept on every one of them."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from fastapi.routing import APIRoute

from service.security.roles import MATRIX, May, Needs, Role, may, role_of
from service.security.session import User
from tests.browser.serving import journey
from tests.worklist.site import Ward

# no session of a person: programs with a token of their own, or nothing of a patient in the answer
OPEN = (
    "/", "/cds-services", "/fhir", "/health", "/metrics", "/sign-in", "/sign-out", "/launch",
    "/worklist/static", "/worklist/library",
)  # fmt: skip
STAFF = [role for role in Role if role is not Role.LOCAL]


def routes(node: Any) -> Iterator[APIRoute]:
    for route in getattr(node, "routes", ()):
        if isinstance(route, APIRoute):
            yield route
        else:
            yield from routes(getattr(route, "original_router", route))


def is_open(path: str) -> bool:
    return path == "/" or any(path == p or path.startswith(f"{p}/") for p in OPEN if p != "/")


def needed(dependant: Any) -> Iterator[May]:
    if isinstance(dependant.call, Needs):
        yield dependant.call.what
    for inner in dependant.dependencies:
        yield from needed(inner)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Ward:
    made = Ward(tmp_path_factory.mktemp("roles"))
    made.take(journey("haloperidol-36h", "p1", until=5))
    return made


def guarded(site: Ward) -> list[tuple[APIRoute, May]]:
    found = []
    for route in routes(site.app):
        if not is_open(route.path):
            what = list(needed(route.dependant))
            assert len(what) == 1, f"{route.methods} {route.path}: says not what it needs"
            found.append((route, what[0]))
    return found


def test_every_route_says_what_it_needs(site: Ward) -> None:
    found = guarded(site)
    assert len(found) >= 20
    assert {what for _, what in found} >= {
        May.LIST, May.PATIENT, May.ACT, May.TICK, May.EXAMINE, May.EXPORT, May.AUDIT,
    }  # fmt: skip


def test_nobody_comes_in_without_a_session(site: Ward) -> None:
    for route, _ in guarded(site):
        for method in route.methods:
            assert site.ask(method, filled(route.path)).status_code == 401, route.path


@pytest.mark.parametrize("role", STAFF)
def test_a_role_may_what_the_matrix_says_and_nothing_else(site: Ward, role: Role) -> None:
    user = User(f"A {role.value}", role.value)
    for route, what in guarded(site):
        if route.path == "/worklist/stream":
            continue  # it does not end; its need is the same object as the list's
        for method in route.methods:
            status = site.as_user(user, method, filled(route.path)).status_code
            said = f"{role.value} {method} {route.path}: {status}"
            if what in MATRIX[role]:
                # without its form a change is refused for the form or for its token, never the role
                assert status in {200, 303, 400, 403, 404, 422}, said
                assert method != "GET" or status != 403, said
            else:
                assert status == 403, said


def filled(path: str) -> str:
    return re.sub(
        r"\{key\}", "p1", re.sub(r"\{form\}", "csv", re.sub(r"\{(?!key)\w+\}", "x", path))
    )


def test_a_word_that_is_no_role_may_nothing() -> None:
    for word in ("", "root", "superuser", "PHYSICIANS"):
        assert role_of(word) is None
        assert not any(may(User("X", word), what) for what in May)
    assert role_of("Psychiatrist") is Role.PHYSICIAN


def test_only_physicians_attest_and_a_record_system_has_no_page() -> None:
    assert [r for r in STAFF if May.ATTEST in MATRIX[r]] == [Role.PHYSICIAN]
    assert MATRIX[Role.EHR] == frozenset()
    assert May.PATIENT not in MATRIX[Role.ADMIN]
