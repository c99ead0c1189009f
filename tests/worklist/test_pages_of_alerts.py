"""/api/v1/alerts page by page: every alert once, also when the list moves in between."""

from base64 import urlsafe_b64encode
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urljoin

import orjson
import pytest

from service.worklist.item import Item
from service.worklist.place import Place, place_of
from service.worklist.rows import urgency
from tests.worklist.site import ANN, Ward

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
LIST = "/api/v1/alerts"


def listed(ward: Ward, query: str = "") -> dict[str, Any]:
    answer = ward.get(ANN, f"{LIST}?{query}")
    assert answer.status_code == 200
    found: dict[str, Any] = orjson.loads(answer.content)
    return found


def ids(page: dict[str, Any]) -> list[str]:
    return [alert["id"] for alert in page["alerts"]]


def test_every_alert_is_told_once_page_by_page(ward: Ward) -> None:
    whole = listed(ward)
    assert len(whole["alerts"]) == whole["total"] == 4
    assert whole["next_page"] is None
    first = listed(ward, "limit=2")
    second = listed(ward, f"limit=2&page={first['next_page']}")
    assert ids(first) + ids(second) == ids(whole)
    assert first["total"] == second["total"] == 4
    assert first["next_page"]
    assert second["next_page"] is None


def test_the_link_is_the_next_page_with_all_that_was_asked(ward: Ward) -> None:
    path, seen = f"{LIST}?status=all&patient=p1&limit=3", []
    answer = ward.get(ANN, path)
    seen += ids(orjson.loads(answer.content))
    link, said = answer.headers["link"].split("; ")
    assert said == 'rel="next"'
    last = ward.get(ANN, urljoin(path, link.strip("<>")))
    seen += ids(orjson.loads(last.content))
    assert "link" not in last.headers
    assert seen == ids(listed(ward))


def test_what_leaves_a_page_that_was_read_pushes_nothing_past_the_next(ward: Ward) -> None:
    whole = ids(listed(ward))
    first = listed(ward, "limit=2")
    ward.send(ANN, f"/worklist/{whole[0]}/snooze", reason="will-monitor", minutes="60")
    rest = listed(ward, f"limit=4&page={first['next_page']}")
    assert ids(rest)[:2] == whole[2:]
    assert rest["next"] == first["next"]
    assert whole[0] in ids(listed(ward, f"since={rest['next']}"))


def test_a_snooze_that_ends_between_two_pages_moves_nothing() -> None:
    ends = NOW + timedelta(seconds=5)
    asleep = Item("a", "nms", "PROBABLE", "p1", NOW, NOW, "1", snoozed_until=ends)
    awake = Item("b", "nms", "WATCH", "p2", NOW, NOW, "1")
    place = place_of(Place(urgency(awake, NOW), NOW, 7).token)
    assert place == Place(urgency(awake, NOW), NOW, 7)
    assert place.rest([awake, asleep]) == [asleep]


@pytest.mark.parametrize(
    "held",
    [
        b"",
        b"7",
        b"{}",
        b"[7]",
        b'[7, "2026-03-01T12:00:00Z", false, 1]',
        b'[7, "2026-03-01T12:00:00", false, 1, false, true, "2026-03-01T12:00:00Z", true, "a"]',
        b'["7", "2026-03-01T12:00:00Z", false, 1, false, true, "2026-03-01T12:00:00Z", true, "a"]',
        b'[7, "2026-03-01T12:00:00Z", 0, 1, false, true, "2026-03-01T12:00:00Z", true, "a"]',
        b'[7, "noon", false, 1, false, true, "2026-03-01T12:00:00Z", true, "a"]',
        b'[7, null, false, 1, false, true, "2026-03-01T12:00:00Z", true, "a"]',
    ],
)
def test_a_page_that_no_answer_named_is_refused(ward: Ward, held: bytes) -> None:
    page = urlsafe_b64encode(held).decode() or "%C3%A4"
    answer = ward.get(ANN, f"{LIST}?page={page}")
    assert answer.status_code == 400
    assert orjson.loads(answer.content)["error"]["code"] == "page"
