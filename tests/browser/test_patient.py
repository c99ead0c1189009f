"""The patient page in a real browser: drawn, moved in time, ticked."""

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import PHONE, Open, shot
from tests.browser.serving import Site

pytestmark = pytest.mark.browser


def test_the_story_is_drawn_from_the_facts(open_page: Open, site: Site) -> None:
    page = open_page("/patients/whole")
    page.wait_for_selector("#drawing.drawn .main-svg")
    drawn = page.evaluate("document.getElementById('drawing').data.length")
    assert drawn > 10
    for words in ("haloperidol", "consciousness", "38.0 °C", "4 × ULN: 800 U/L"):
        expect(page.locator("#drawing")).to_contain_text(words)
    page.get_by_text("The time line as a table").click()
    assert page.locator("#as-table tbody tr").count() > 50
    page.locator("#drawing").hover(position={"x": 600, "y": 120})


def test_the_handle_shows_the_assessment_of_any_moment(open_page: Open, site: Site) -> None:
    page = open_page("/patients/whole")
    page.wait_for_selector("#drawing.drawn .main-svg")
    expect(page.locator("#tier")).to_contain_text("full picture")
    page.locator("#slider").fill("300")
    expect(page.locator("#head")).to_contain_text("What the facts said then; not now")
    expect(page.locator("#tier")).to_contain_text("No NMS tier")
    shot(page, "patient-as-of")
    page.locator("#to-now").click()
    expect(page.locator("#tier")).to_contain_text("full picture")
    took = page.evaluate("performance.getEntriesByName('panes-shown').at(-1).duration")
    assert took < 200


def test_an_item_of_the_plan_is_ticked(open_page: Open, site: Site) -> None:
    page = open_page("/patients/whole")
    item = page.locator("#p-MGT-STOP")
    item.get_by_role("button", name="Done: Stop").click()
    expect(page.locator("#p-MGT-STOP .done")).to_contain_text("Ann Able")
    page.locator("#p-MGT-STOP").get_by_role("button", name="Done: Stop").click()
    expect(page.locator("#p-MGT-STOP .done")).to_have_count(0)


def test_on_a_phone_the_story_fits(open_page: Open, site: Site) -> None:
    page = open_page("/patients/whole", size=PHONE)
    page.wait_for_selector("#drawing.drawn .main-svg")
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE[0]


def test_without_the_library_the_panes_are_complete(open_page: Open, site: Site) -> None:
    page = open_page("/patients/whole")
    page.route("**/worklist/library/*", lambda route: route.abort())
    page.reload()
    expect(page.locator("#drawing")).to_contain_text("could not be drawn")
    expect(page.locator("#tier")).to_contain_text("full picture")
