"""A list that is not as fresh as it looks says so; one that cannot be read says that too."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from service.app import create_app
from service.errors import Unavailable
from service.worklist import door, pages
from tests.browser.serving import journey
from tests.worklist.site import ANN, DREW, Ward


def later(ward: Ward, minutes: float) -> None:
    """The same service, this much later."""
    ward.app = create_app(
        ward.settings, ward.store, now=lambda: datetime.now(UTC) + timedelta(minutes=minutes)
    )


@pytest.mark.parametrize(("minutes", "stale"), [(14, False), (16, True), (125, True)])
def test_without_data_for_a_quarter_of_an_hour_the_list_says_so(
    ward: Ward, minutes: int, stale: bool
) -> None:
    later(ward, minutes)
    for path in ("/worklist", "/worklist/rows"):
        page = ward.get(ANN, path).text
        assert ("No data for" in page) is stale
        assert ("go by the patient" in page) is stale
    if stale:
        assert f"No data for {'2 h' if minutes > 120 else '16 min'}." in page


def test_an_evaluation_that_is_behind_is_said(ward: Ward) -> None:
    assert "Evaluation is behind" not in ward.get(ANN, "/worklist").text
    ward.post("/fhir", journey("haloperidol-36h", "p2", until=4))  # and no worker
    later(ward, 3)
    page = ward.get(ANN, "/worklist").text
    assert "Evaluation is behind" in page
    assert "1 patient is waiting" in page


def test_a_patient_who_is_no_longer_watched_is_said(ward: Ward) -> None:
    """Set aside after five tries, and neither late nor on the list: an empty row is no answer."""
    for path in ("/worklist", "/worklist/rows"):
        assert "not watched" not in ward.get(ANN, path).text
    ward.post("/fhir", journey("haloperidol-36h", "p2", until=4))
    for hours in range(1, 6):
        at = datetime.now(UTC) + timedelta(hours=hours)
        for due in ward.store.claim_due(at):
            if due.patient == "p2":
                ward.store.fail(due, "evaluation-hung", at)
    for path in ("/worklist", "/worklist/rows"):
        page = ward.get(ANN, path).text
        assert "1 patient is not watched." in page
        assert "p2" not in page.partition("not watched")[0]


def breaking(fault: Exception) -> Callable[..., None]:
    def fail(*_: object, **__: object) -> None:
        raise fault

    return fail


@pytest.mark.parametrize(
    ("fault", "status", "words"),
    [
        (Unavailable("The store does not answer.", code="store"), 503, "Not available now"),
        (RuntimeError("p1"), 500, "Nothing is known from this page: go by the patient."),
    ],
)
def test_a_list_that_cannot_be_read_is_no_empty_list(
    ward: Ward, monkeypatch: pytest.MonkeyPatch, fault: Exception, status: int, words: str
) -> None:
    monkeypatch.setattr(ward.store, "alerts", breaking(fault))
    for path in ("/worklist", "/worklist/rows"):
        answer = ward.get(ANN, path)
        assert answer.status_code == status
        assert words in answer.text
        assert "No open alerts" not in answer.text
        assert "p1" not in answer.text


def test_a_screenful_is_sent_before_the_rest_is_made(
    ward: Ward, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[str] = []

    def rows() -> object:
        for n in range(200):
            made.append(f"row {n}")
            yield f"row {n} {'x' * 2000}\n"

    chunks = door._chunks(rows())  # type: ignore[arg-type]
    first = next(chunks)
    assert len(made) <= 30
    assert first + "".join(chunks) == "".join(f"{row} {'x' * 2000}\n" for row in made)
    assert len(made) == 200


def test_a_list_that_breaks_off_says_so(ward: Ward, monkeypatch: pytest.MonkeyPatch) -> None:
    for n in range(3):
        ward.take(journey("haloperidol-36h", f"q{n}", until=5))
    monkeypatch.setattr(door, "_FIRST", 4_000)
    monkeypatch.setattr(door, "_LATER", 4_000)
    whole = ward.get(ANN, "/worklist").text
    assert whole.rstrip().endswith("</html>")
    seen = []

    def row(item: object, *rest: object) -> object:
        seen.append(item)
        if len(seen) > 12:
            raise RuntimeError("the store went away")
        return was(item, *rest)

    was = pages.row
    monkeypatch.setattr(pages, "row", row)
    broken = ward.get(ANN, "/worklist")
    assert "The list breaks off here." in broken.text
    assert "No open alerts" not in broken.text


def test_every_fact_of_a_row_leads_to_its_place_on_the_page(ward: Ward) -> None:
    rows = ward.get(ANN, "/worklist").text
    led = set(re.findall(r'href="/patients/p1#([^"]+)"', rows))
    page = ward.get(ANN, "/patients/p1").text
    there = set(re.findall(r'\bid="([^"]+)"', page))
    assert len(led) > 3
    assert led <= there
    for words in ("Toward:", "Away:", "Not known:", "History", "Basis ", "recorded absent"):
        assert words in page
    assert "Ward 3" in rows


def test_the_newest_assessment_is_read_once_for_what_it_says(
    ward: Ward, monkeypatch: pytest.MonkeyPatch
) -> None:
    ward.get(ANN, "/worklist")
    monkeypatch.setattr(ward.store, "assessments", breaking(AssertionError("read again")))
    assert "Compatible with NMS" in ward.get(DREW, "/worklist").text
    monkeypatch.undo()
    before = ward.get(ANN, "/worklist").text
    ward.take(journey("haloperidol-36h", "p1"))
    assert "5,200 U/L" in ward.get(ANN, "/worklist").text  # the CK, of the newest assessment
    assert "5,200 U/L" not in before


def test_style_and_scripts_are_asked_for_once_and_anew_when_they_change(ward: Ward) -> None:
    page = ward.get(ANN, "/worklist").text
    addresses = re.findall(r'"(/worklist/static/[^"]+)"', page)
    assert len(addresses) >= 4
    for address in addresses:
        kept = ward.ask("GET", address)
        assert kept.status_code == 200
        assert "immutable" in kept.headers["cache-control"]
        older = ward.ask("GET", f"{address.partition('?')[0]}?v=0123456789ab")
        assert older.headers["cache-control"] == "no-cache"
        assert older.content == kept.content
    assert ward.ask("GET", "/worklist/static/../api.py").status_code == 404
    assert ward.ask("GET", "/worklist/static/page.html").status_code == 404
