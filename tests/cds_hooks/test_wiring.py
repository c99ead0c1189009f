"""What create_app gives the hooks: the evidence behind a card. (The audit: tests/platform.)"""

from pathlib import Path

import orjson

from tests.cds_hooks.served import draft, marks, order, request
from tests.platform.serviced import Api

KIND = {"content-type": "application/json"}


def call(api: Api, service: str, body: dict[str, object]) -> list[dict[str, object]]:
    path = f"/cds-services/nms-{service}"
    answer = api.ask("POST", path, content=orjson.dumps(body), headers=KIND)
    assert answer.status_code == 200, answer.text
    found: list[dict[str, object]] = answer.json()["cards"]
    return found


def test_a_card_of_the_whole_service_names_its_evidence(tmp_path: Path) -> None:
    body = request("order-sign", draft("lithium carbonate"), chart=[order("haloperidol", "m1")])
    cards = call(Api(tmp_path), "order-sign", body)
    card = next(c for c in cards if marks(c)["rule"] == "INT-AP-LI")
    assert card["source"]["url"].startswith("https://doi.org/")  # type: ignore[index]
