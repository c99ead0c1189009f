"""The report in a real browser: it stands alone, decides on its first screen, filters, prints."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from alerts.knowledge import diff, load, with_overlay
from service.replay.compare import changes
from service.replay.formats import render
from service.replay.play import Manner
from service.replay.report import replays
from tests.browser.chromium import browser

pytestmark = pytest.mark.browser

FIXTURES = Path(__file__).resolve().parents[2] / "fixtures"
NOW = datetime(2026, 1, 1, tzinfo=UTC)
CHANGE = {"version": "test-fever", "parameters": {"hyp.threshold_c": {"value": 38.5}}}


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    base = load()
    other = with_overlay(base, CHANGE)
    manner = Manner((other, base), False, None, NOW, draw=True)
    after, before = replays([FIXTURES / "demo", FIXTURES / "cases"], manner)
    found = changes(before, after)
    path = tmp_path_factory.mktemp("report") / "report.html"
    path.write_text(render(after, "html", before, found, diff(base, other)), "utf-8")
    return path


@pytest.fixture(scope="module")
def running() -> Iterator[Browser]:
    with browser() as started:
        yield started


@pytest.fixture
def page(running: Browser, report: Path) -> Iterator[Page]:
    opened = running.new_page(viewport={"width": 1360, "height": 900})
    opened.set_default_timeout(60_000)
    faults: list[str] = []
    asked: list[str] = []
    opened.on("console", lambda message: faults.append(message.text))
    opened.on("pageerror", lambda fault: faults.append(str(fault)))
    opened.on("request", lambda request: asked.append(request.url))
    opened.goto(report.as_uri())
    yield opened
    assert faults == []
    assert asked == [report.as_uri()]
    opened.close()


def on_first_screen(page: Page, selector: str) -> bool:
    box = page.locator(selector).first.bounding_box()
    return box is not None and box["y"] + box["height"] <= 900


def test_the_first_screen_decides(page: Page) -> None:
    said = page.locator("h1").inner_text()
    assert said.startswith("Version test-fever changes ")
    assert said.endswith("no NMS case lost.")
    for part in ("h1", "#counts", "text=What the rules change", "text=Changed cases", "svg"):
        assert on_first_screen(page, part), part
    assert "hyp.threshold_c" in page.locator(".grid").inner_text()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_a_changed_case_shows_both_traces_and_its_time_line(page: Page) -> None:
    case = page.locator("article", has_text="demo-haloperidol-36h")
    assert case.locator("svg text", has_text="test-fever").count() == 1
    bold = case.locator("tr.differs").first
    assert "hyp.threshold_c" in bold.inner_text()
    weight = bold.locator("td").first.evaluate("cell => getComputedStyle(cell).fontWeight")
    assert int(weight) >= 700


def test_search_and_filter(page: Page) -> None:
    page.fill("#find", "clozapine 390000")
    assert page.locator("#shown").inner_text() == "1 cases shown"
    page.fill("#find", "")
    page.select_option("#kind", "changed")
    shown = page.locator("article:visible")
    assert shown.count() == page.locator("article").count() > 0
    page.select_option("#kind", "mimic")
    assert page.locator("article:visible").count() <= shown.count() + 40


def test_look_alikes_stand_with_what_else_fits(page: Page) -> None:
    """Diagnosis reached, peak, who is told, and the differential that is met."""
    row = page.locator("tr", has_text="serotonin").filter(has_text="Serotonin syndrome").first
    assert row.count() == 1
    heading = page.locator("th", has_text="Differential that is met")
    assert heading.count() == 1


def test_the_first_screen_tells_ppv_and_lead_time(page: Page) -> None:
    """At chosen incidences by SPEC 8.2, with the worst that the intervals allow."""
    ppv = page.locator("table", has_text="PPV, were NMS to befall").inner_text()
    assert all(incidence in ppv for incidence in ("0.04 %", "0.11 %", "0.30 %"))
    assert "≥" in ppv
    assert page.locator("svg[aria-label^='Lead times'] circle").count() > 4
    said = page.locator("h2", has_text="Alerts per 1000 patient-days").locator("+ p").inner_text()
    assert said.startswith("Not counted: published cases are no sample of a ward.")


def test_it_prints_without_controls(page: Page) -> None:
    page.emulate_media(media="print")
    assert not page.locator(".bar").is_visible()
    assert page.locator("h1").is_visible()
