"""CDS Hooks 2.0.1, Discovery and Prefetch Template. Numbers: the rules in README order."""

import json
import re
from typing import Any

import pytest

from tests.conformance.client import Ehr
from tests.conformance.rules import covers

TOKEN = re.compile(r"\{\{([^}]*)\}\}")
USER_TOKENS = {
    "userPractitionerId", "userPractitionerRoleId", "userPatientId", "userRelatedPersonId",
}  # fmt: skip
# the context fields that the hooks' tables allow as tokens
FIELDS = {"context.userId", "context.patientId", "context.encounterId"}
HOOK = re.compile(r"[a-z]+(?:-[a-z]+)*|[a-z0-9]+(?:\.[A-Za-z0-9-]+)+")


@covers(1, 4)
def test_discovery_is_at_cds_services_and_is_json(ehr: Ehr) -> None:
    """SHALL: GET {base}/cds-services answers 200 with an object holding `services`."""
    answer = ehr.get("/cds-services")
    assert answer.status_code == 200
    assert answer.headers["content-type"].split(";")[0] == "application/json"
    assert isinstance(answer.json()["services"], list)


@covers(5)
def test_every_service_has_what_it_must(services: list[dict[str, Any]]) -> None:
    """SHALL: hook, description, id. RECOMMENDED: title."""
    for service in services:
        for key in ("hook", "description", "id", "title"):
            assert isinstance(service.get(key), str), (service.get("id"), key)
            assert service[key].strip()


@covers(6, 47)
def test_ids_can_stand_in_a_path_and_are_each_hook_s_own(services: list[dict[str, Any]]) -> None:
    """The id is the last part of the service's address; one client shows one id once."""
    ids = [service["id"] for service in services]
    assert all(re.fullmatch(r"[A-Za-z0-9._~-]+", held) for held in ids)
    assert len(ids) == len(set(ids))


@covers(7)
def test_hook_names_are_of_the_library_or_reverse_domain(services: list[dict[str, Any]]) -> None:
    for service in services:
        assert HOOK.fullmatch(service["hook"]), service["hook"]


@covers(2)
def test_nothing_is_null_or_empty(ehr: Ehr) -> None:
    """SHALL: no attribute is null, "", [] or {} unless a rule allows it."""
    assert list(empties(ehr.get("/cds-services").json())) == []


def empties(value: Any, where: str = "$") -> Any:
    if isinstance(value, dict):
        for key, held in value.items():
            if held is None or held in ("", [], {}):
                yield f"{where}.{key}"
            yield from empties(held, f"{where}.{key}")
    elif isinstance(value, list):
        for number, held in enumerate(value):
            yield from empties(held, f"{where}[{number}]")


@covers(10, 11, 14)
def test_templates_hold_only_tokens_that_the_rules_allow(services: list[dict[str, Any]]) -> None:
    """SHALL: first-level primitive context fields marked as tokens, or the four user tokens."""
    for service in services:
        for key, query in service.get("prefetch", {}).items():
            for token in TOKEN.findall(query):
                assert token in FIELDS | USER_TOKENS, (service["id"], key, token)


@covers(11)
def test_no_encounter_token_where_the_encounter_is_optional(
    services: list[dict[str, Any]],
) -> None:
    for service in services:
        if not service["hook"].startswith("encounter-"):
            assert "encounterId" not in str(service.get("prefetch", {}))


@pytest.mark.parametrize("outside", ["_include", "_revinclude", "_has", "$", "_summary"])
@covers(12, 13)
def test_templates_stay_inside_the_recommended_subset(
    services: list[dict[str, Any]], outside: str
) -> None:
    """RECOMMENDED: reads, type searches, token equality, dates, _count and _sort."""
    for service in services:
        for query in service.get("prefetch", {}).values():
            assert outside not in query
            assert not query.startswith(("/", "http"))


@covers(12)
def test_parameters_are_not_repeated(services: list[dict[str, Any]]) -> None:
    """Clients collapse repeated parameters: lists are written with commas."""
    for service in services:
        for query in service.get("prefetch", {}).values():
            names = [part.split("=")[0] for part in query.partition("?")[2].split("&")]
            assert len(names) == len(set(names)), query


@covers(9)
def test_a_version_is_a_semantic_version(services: list[dict[str, Any]]) -> None:
    for service in services:
        for key in ("version", "hookVersion"):
            if key in service:
                assert re.fullmatch(r"\d+\.\d+(\.\d+)?", service[key]), (service["id"], key)


@covers(3)
def test_extensions_of_discovery_are_objects(services: list[dict[str, Any]]) -> None:
    assert all(isinstance(service.get("extension", {}), dict) for service in services)


@covers(1)
def test_json_has_no_comments_or_trailing_commas(ehr: Ehr) -> None:
    """What a strict parser takes; HTTPS is the proxy's part and cannot be seen on loopback."""
    assert json.loads(ehr.get("/cds-services").content, parse_constant=pytest.fail)
