"""The worklist in a real browser: keys, claims in two windows, live rows, no connection."""

import re

import pytest
from playwright.sync_api import Browser, Page, expect

from service.security.session import COOKIE, User
from tests.browser.conftest import PHONE, Open, shot
from tests.browser.serving import Site, journey

pytestmark = pytest.mark.browser

BOB = User("Bob Best", "pharmacist")


def row_of(page: Page, key: str) -> str:
    return f'li[data-key="{key}"]'


def own_alert(site: Site, patient: str, until: int | None = 5) -> str:
    """A patient of this test alone, on the list."""
    site.push(journey("haloperidol-36h", patient, until=until))
    site.settle()
    return site.alert(patient)


def test_a_pharmacist_works_the_list_by_keys(open_page: Open, site: Site) -> None:
    key = own_alert(site, "keys")
    page = open_page("/worklist?all=1")
    page.keyboard.press("j")
    first = page.locator("li[data-key]").first
    expect(first.locator("article")).to_be_focused()
    page.keyboard.press("j")
    page.keyboard.press("k")
    expect(first.locator("article")).to_be_focused()
    page.keyboard.press("?")
    expect(page.locator("#keys")).to_be_visible()
    page.keyboard.press("Escape")
    row = page.locator(row_of(page, key))
    row.locator("article").focus()
    page.keyboard.press("s")
    expect(page.locator("#more")).to_be_visible()
    shot(page, "worklist-more")
    page.locator("#more [data-form=snooze] [name=reason]").select_option("being-examined")
    page.locator("#more [data-form=snooze] button").click()
    expect(page.get_by_text("Snoozed. It comes back")).to_be_visible()
    expect(page.locator(row_of(page, key))).to_have_count(0)
    page.get_by_role("button", name="Undo").click()
    expect(page.locator(row_of(page, key))).to_be_visible()
    page.locator(row_of(page, key)).locator("article").focus()
    page.keyboard.press("c")
    expect(page.locator(row_of(page, key))).to_contain_text("Ann Able since")
    page.locator(row_of(page, key)).locator("article").focus()
    page.keyboard.press("Enter")
    expect(page.locator("h1")).to_contain_text("Patient keys")


def test_two_browsers_want_one_row_one_wins_the_other_is_told(open_page: Open, site: Site) -> None:
    key = own_alert(site, "fight")
    ann, bob = open_page("/worklist?all=1"), open_page("/worklist?all=1", user=BOB)
    # Bob's list stands still: he acts on what he saw
    bob.route("**/worklist/rows*", lambda route: route.abort())
    ann.locator(row_of(ann, key)).get_by_role("button", name="Claim").click()
    expect(ann.get_by_text("Claimed: it is yours.")).to_be_visible()
    bob.locator(row_of(bob, key)).get_by_role("button", name="Claim").click()
    expect(bob.get_by_role("alert").first).to_contain_text("It is with Ann Able.")
    shot(bob, "worklist-too-late")
    assert site.store.alert("default", key).human.owner == "Ann Able"


def test_a_row_arrives_and_changes_without_reload(open_page: Open, site: Site) -> None:
    page, other = open_page("/worklist?all=1"), open_page("/worklist?all=1", user=BOB)
    expect(page.locator("#live")).to_have_attribute("data-state", "live")
    page.evaluate("window.stayed = true")
    key = own_alert(site, "arrives", until=5)
    expect(page.locator(row_of(page, key))).to_be_visible()
    expect(page.locator(row_of(page, key))).to_contain_text("● new")
    expect(page.locator(f"{row_of(page, key)} time.timer")).to_contain_text("00:")
    other.locator(row_of(other, key)).get_by_role("button", name="Claim").click()
    expect(page.locator(row_of(page, key))).to_contain_text("Bob Best since")
    site.push(journey("haloperidol-36h", "arrives"))
    expect(page.locator(row_of(page, key))).to_contain_text("full picture")
    assert page.evaluate("window.stayed") is True


def test_focus_stays_where_it_is_when_rows_come_and_go(open_page: Open, site: Site) -> None:
    key = own_alert(site, "focus")
    page = open_page("/worklist?all=1")
    page.locator(row_of(page, key)).locator("[data-act=claim]").focus()
    other = own_alert(site, "focus-2")
    expect(page.locator(row_of(page, other))).to_be_visible()
    expect(page.locator(f"{row_of(page, key)} [data-act=claim]")).to_be_focused()


def test_critical_alerts_that_nobody_has_are_counted_in_the_title(
    open_page: Open, site: Site
) -> None:
    page = open_page("/worklist?all=1")
    loud = page.locator("li[data-loud]").count()
    assert page.title() == (f"({loud}) " if loud else "") + "Worklist – NMS Sentinel"


def test_a_lost_connection_is_said_and_caught_up(open_page: Open, site: Site) -> None:
    page = open_page("/worklist?all=1")
    expect(page.locator("#live")).to_have_attribute("data-state", "live")
    page.route("**/worklist/rows*", lambda route: route.abort())
    key = own_alert(site, "missed")
    expect(page.locator("#live")).to_have_attribute("data-state", "lost")
    expect(page.locator("#live")).to_contain_text("may be out of date")
    page.wait_for_timeout(11_000)  # a beat of the stream comes in, and still it is not called live
    expect(page.locator("#live")).to_have_attribute("data-state", "lost")
    expect(page.locator(row_of(page, key))).to_have_count(0)
    page.unroute("**/worklist/rows*")
    expect(page.locator(row_of(page, key))).to_be_visible()
    expect(page.locator("#live")).to_have_attribute("data-state", "live")


def test_on_a_phone_everything_fits_and_can_be_tapped(open_page: Open, site: Site) -> None:
    page = open_page("/worklist?all=1", size=PHONE)
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE[0]
    box = page.locator(".row > .actions a:visible").first.bounding_box()
    assert box is not None
    assert box["height"] >= 44
    page.locator(".row > .actions [data-act=more]").first.tap()
    expect(page.locator("#more")).to_be_visible()
    shot(page, "worklist-phone-more")


def test_without_script_the_list_is_complete_and_forms_work(chrome: Browser, site: Site) -> None:
    key = own_alert(site, "plain")
    context = chrome.new_context(java_script_enabled=False, base_url=site.base)
    ann = User("Ann Able", "pharmacist")
    context.add_cookies([{"name": COOKIE, "value": site.cookie(ann), "url": site.base}])
    page = context.new_page()
    page.goto("/worklist?all=1")
    page.locator(row_of(page, key)).locator(".row > .actions").get_by_role(
        "link", name="More"
    ).click()
    page.locator("[data-form=resolve] [name=reason]").select_option("acted-on")
    page.locator("[data-form=resolve] [name=intervention]").select_option("drug-stopped")
    page.locator("[data-form=resolve] button").click()
    expect(page.get_by_text("Resolved.")).to_be_visible()
    assert site.store.alert("default", key).human.intervention.value == "drug-stopped"
    context.close()


def test_interactions_are_unfolded_and_one_is_claimed_without_the_row(
    open_page: Open, site: Site
) -> None:
    key = own_alert(site, "folds")
    page = open_page("/worklist?all=1")
    row = page.locator(row_of(page, key))
    part = row.locator("[data-part]").first
    expect(part).to_be_hidden()
    row.locator("article").focus()
    page.keyboard.press("o")
    expect(part).to_be_visible()
    shot(page, "worklist-unfolded")
    other = own_alert(site, "folds-2")  # a change elsewhere folds nothing
    expect(page.locator(row_of(page, other))).to_be_visible()
    expect(part).to_be_visible()
    page.keyboard.press("Tab")
    part.get_by_role("link", name="More").click()
    expect(page.locator("#more-row")).to_contain_text("aloperidol")
    page.locator("#more [data-form=resolve] [name=reason]").select_option("acted-on")
    page.locator("#more [data-form=resolve] button").click()
    expect(page.get_by_text("Resolved.")).to_be_visible()
    assert site.store.alert("default", key).human.resolved_at is None
    resolved = [a for a in site.store.alerts("default", "folds") if a.human.resolved_at]
    assert [a.kind.value for a in resolved] == ["interaction"]


def test_the_code_of_the_bedside_check_opens_over_the_list(open_page: Open, site: Site) -> None:
    key = own_alert(site, "coded")
    page = open_page("/worklist?all=1")
    page.locator(row_of(page, key)).locator("article").focus()
    page.keyboard.press("q")
    dialog = page.locator("#qr")
    expect(dialog.get_by_role("img", name="QR code")).to_be_visible()
    expect(dialog).to_contain_text("Patient coded")
    link = dialog.locator(".link a")
    shot(page, "worklist-qr")
    phone = open_page(str(link.get_attribute("href")), user=None, size=PHONE)
    expect(phone.locator("h1")).to_have_text("Bedside check")
    expect(phone.locator(".person")).to_contain_text("Patient coded")


def test_a_sound_for_a_new_critical_alert_if_the_reader_wants_one(
    open_page: Open, site: Site
) -> None:
    page = open_page("/worklist?all=1")
    page.evaluate(
        """() => { window.rung = 0; window.AudioContext = class {
          currentTime = 0; destination = {};
          createOscillator() {
            return {
              frequency: {}, connect: (to) => to, start() { window.rung += 1; }, stop() {},
            };
          }
          createGain() { return { gain: {}, connect: (to) => to }; }
          close() {}
        }; }"""
    )
    quiet = own_alert(site, "quiet-1", until=None)
    expect(page.locator(row_of(page, quiet))).to_be_visible()
    assert page.evaluate("window.rung") == 0
    page.locator("summary", has_text="List").click()
    page.locator("#sound").check()
    assert page.evaluate("window.rung") == 1  # so that it was heard once
    loud = own_alert(site, "loud-1", until=None)
    expect(page.locator(f"{row_of(page, loud)}[data-loud]")).to_be_visible()
    assert page.evaluate("window.rung") == 2
    expect(page).to_have_title(re.compile(r"^\(\d+\) Worklist"))
    page.reload()
    assert page.locator("#sound").is_checked()


def test_on_paper_nothing_is_folded_away(open_page: Open, site: Site) -> None:
    key = own_alert(site, "paper")
    page = open_page("/worklist?all=1")
    page.emulate_media(media="print")
    expect(page.locator(row_of(page, key)).locator("[data-part]").first).to_be_visible()


def test_a_filter_is_kept_under_a_name_used_and_removed(open_page: Open, site: Site) -> None:
    filed = User("Fay Filter", "pharmacist")
    page = open_page("/worklist?all=1", user=filed)
    page.locator("select[name=ward]").select_option("ICU")
    page.get_by_role("button", name="Show").click()
    page.locator("summary", has_text="List").click()
    page.locator("[form=save-filter][name=name]").fill("my ICU")
    page.get_by_role("button", name="Open with this filter").click()
    page.goto("/worklist?all=1")
    page.locator("summary", has_text="List").click()
    page.get_by_role("link", name="my ICU").click()
    expect(page.locator("select[name=ward]")).to_have_value("ICU")
    for who in page.locator(".row .person").all_text_contents():
        assert "ICU" in who
    page.locator("summary", has_text="List").click()
    page.get_by_role("button", name="remove the filter my ICU").click()
    page.locator("summary", has_text="List").click()
    expect(page.get_by_role("link", name="my ICU")).to_have_count(0)
