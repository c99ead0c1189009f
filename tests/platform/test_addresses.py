"""Addresses that are nearly right: refused in words, never sent to a host that the caller named."""

import pytest

from tests.platform.serviced import Api


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory) -> Api:
    return Api(tmp_path_factory.mktemp("addresses"))


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize(
    "path", ["/cds-services/", "/cds-services/nms-patient-view/", "/fhir/", "/health/live/"]
)
def test_a_slash_too_many_is_refused_in_words(api: Api, method: str, path: str) -> None:
    answer = api.ask(method, path, headers={"Host": "evil.example"})
    assert answer.status_code in (404, 405)
    assert "location" not in answer.headers
    assert answer.json()["resourceType"] == "OperationOutcome"
    assert "evil.example" not in answer.text


@pytest.mark.parametrize("path", ["/worklist/", "/api/v1/alerts/"])
def test_nor_are_people_sent_elsewhere(api: Api, path: str) -> None:
    answer = api.ask("GET", path, headers={"Host": "evil.example"})
    assert answer.status_code == 404
    assert "location" not in answer.headers


def test_head_asks_whether_a_door_is_there(api: Api) -> None:
    assert api.ask("HEAD", "/cds-services").status_code == 200
    assert api.ask("HEAD", "/worklist").status_code == 401  # as GET without a sign-in
    assert api.ask("HEAD", "/health/live").status_code == 200
