"""The bedside check in a real browser: ten seconds on a phone, with and without a network."""

import pytest
from playwright.sync_api import expect

from alerts.chart import SignKind
from service.security.session import User, check_link
from tests.browser.conftest import PHONE, Open, shot
from tests.browser.serving import Site, journey

pytestmark = pytest.mark.browser

NORA = User("Nora Night", "nurse")


def tremors(site: Site, patient: str) -> int:
    chart = site.store.chart("default", patient)
    assert chart is not None
    return len(chart.signs_of(SignKind.TREMOR))


def fresh(site: Site, patient: str) -> None:
    site.push(journey("haloperidol-36h", patient, until=4))
    site.settle()


def test_a_nurse_examines_on_a_phone_and_is_answered(open_page: Open, site: Site) -> None:
    fresh(site, "bed-1")
    page = open_page("/check/bed-1", user=NORA, size=PHONE)
    shot(page, "check-phone")
    page.locator("#q-rigidity").get_by_role("radio", name="Lead-pipe", exact=True).tap()
    expect(page.locator("#q-rigidity").get_by_text("New or worse")).to_be_visible()
    page.locator("#q-acvpu").get_by_role("radio", name="Responds to voice", exact=True).tap()
    page.locator("#q-diaphoresis").get_by_role("radio", name="Yes", exact=True).tap()
    page.locator("[name=body_temperature]").fill("39.2")
    page.locator("[name=site]").select_option("tympanic")
    page.get_by_role("button", name="Save and re-assess").tap()
    expect(page.locator("#told")).to_contain_text("Now: ")
    expect(page.locator("#told")).to_contain_text("score")
    expect(page.locator("#told li").first).to_be_visible()  # what the worker made of it
    shot(page, "check-phone-answer")
    page.get_by_role("button", name="Undo").tap()
    expect(page.locator("#told")).to_contain_text("Taken back")


def test_without_a_network_it_is_kept_and_sent_once(open_page: Open, site: Site) -> None:
    fresh(site, "bed-2")
    page = open_page("/check/bed-2", user=NORA, size=PHONE)
    page.locator("#q-tremor").get_by_role("radio", name="Yes", exact=True).tap()
    page.context.set_offline(True)
    page.get_by_role("button", name="Save and re-assess").tap()
    expect(page.locator("#kept")).to_contain_text("kept on this device")
    shot(page, "check-phone-kept")
    assert tremors(site, "bed-2") == 0
    page.context.set_offline(False)
    expect(page.locator("#told")).to_contain_text("Now: ")
    assert tremors(site, "bed-2") == 1
    assert (
        page.evaluate("Object.keys(localStorage).filter((k) => k.startsWith('check:')).length") == 0
    )


def test_nothing_marked_is_said_and_nothing_is_kept(open_page: Open, site: Site) -> None:
    page = open_page("/check/whole", user=NORA)
    page.get_by_role("button", name="Save and re-assess").click()
    expect(page.locator("#kept")).to_contain_text("Nothing was marked as examined")
    assert page.evaluate("localStorage.length") == 0


def test_a_link_works_without_sign_in(open_page: Open, site: Site) -> None:
    fresh(site, "bed-3")
    page = open_page(check_link(site.settings, "default", "bed-3"), user=None, size=PHONE)
    page.locator("[name=who]").fill("Agency Nurse")
    page.locator("#q-tremor").get_by_role("radio", name="No", exact=True).tap()
    page.get_by_role("button", name="Save and re-assess").tap()
    expect(page.locator("#told")).to_contain_text("Now: ")
    assert tremors(site, "bed-3") == 1
