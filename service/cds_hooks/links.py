"""A link that launches us inside the record system (SMART App Launch): for tenants that set it up.

It stands beside the absolute links, never in their place: a client that cannot launch greys it out.
"""

from typing import Any

import orjson

from service.cds_hooks.desk import Desk

LABEL = "Open the patient page in the record system"


def with_launch(cards: list[dict[str, Any]], desk: Desk) -> list[dict[str, Any]]:
    """Every card that has links also has one that launches us. `appContext` comes back to us with
    the launch: which card was followed, nothing of the patient."""
    url = f"{desk.base_url.rstrip('/')}/launch"
    for card in cards:
        if "links" in card:
            told = orjson.dumps({"card": card["uuid"], "view": "patient"}).decode()
            link = {"label": LABEL, "url": url, "type": "smart", "appContext": told}
            card["links"] = [*card["links"], link]
    return cards
