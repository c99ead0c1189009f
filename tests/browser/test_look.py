"""How the pages look: no fault by axe (WCAG 2.2 A, AA), light and dark, three sizes; pictures."""

from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

from service.security.session import User
from tests.browser.conftest import DESKTOP, LAPTOP, PHONE, SCREEN, TABLET, Open, shot
from tests.browser.serving import Site, serving

pytestmark = pytest.mark.browser

RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
DREW = User("Drew Doe", "physician")
PAGES = {
    "worklist": "/worklist?ward=Ward+2",
    "patient": "/patients/whole",
    "check": "/check/whole",
    "sheet": "/check/whole/link",
    "problem": "/patients/nobody",
}
LONG = {"worklist": "/worklist?all=1", "withdrawal": "/patients/levo", "more": "/worklist/{}/more"}
SIZES = pytest.mark.parametrize(
    ("size", "dark"), [(DESKTOP, False), (PHONE, True)], ids=["desktop", "phone-dark"]
)


def faults(page: Page) -> list[str]:
    options = {"runOnly": {"type": "tag", "values": RULES}, "resultTypes": ["violations"]}
    # the drawing is one picture with a name; what is in it stands in the table below it
    context = {"exclude": [["#drawing svg"]]}
    found = Axe().run(page, context=context, options=options).response["violations"]
    return [
        f"{fault['id']}: {node['target']} {node.get('failureSummary', '')}"
        for fault in found
        for node in fault["nodes"][:3]
    ]


def looked_at(page: Page, name: str, size: tuple[int, int], dark: bool) -> list[str]:
    if page.locator("#drawing").count():
        page.wait_for_selector("#drawing.drawn .main-svg")
    page.evaluate(
        "new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn)))"
    )
    shot(page, f"{name}-{'phone' if size == PHONE else 'desktop'}{'-dark' if dark else ''}")
    assert page.evaluate("document.documentElement.scrollWidth") <= size[0]
    return faults(page)


@SIZES
@pytest.mark.parametrize("name", PAGES)
def test_axe_finds_no_fault(
    open_page: Open, site: Site, name: str, size: tuple[int, int], dark: bool
) -> None:
    page = open_page(PAGES[name], user=DREW, size=size, dark=dark)
    assert looked_at(page, name, size, dark) == []


@pytest.mark.heavy
@SIZES
@pytest.mark.parametrize("name", LONG)
def test_axe_finds_no_fault_on_long_pages(
    open_page: Open, site: Site, name: str, size: tuple[int, int], dark: bool
) -> None:
    path = LONG[name].format(site.store.alerts("default", "whole")[0].id)
    page = open_page(path, user=DREW, size=size, dark=not dark)
    assert looked_at(page, f"{name}-long", size, not dark) == []


def test_a_tablet_in_the_dark(open_page: Open, site: Site) -> None:
    page = open_page("/worklist?all=1", size=TABLET, dark=True)
    assert page.evaluate("document.documentElement.scrollWidth") <= TABLET[0]
    shot(page, "worklist-tablet-dark")


# rows that stand on the screen whole; and what of them is cut off, by the element's class
SEEN = """() => {
  const rows = [...document.querySelectorAll("article.row")];
  const whole = rows.filter((row) => row.getBoundingClientRect().bottom <= innerHeight);
  const parts = whole.flatMap((row) => [row, ...row.querySelectorAll("*")]);
  const cut = parts.filter((part) => !part.closest(".visually-hidden, details:not([open]) > ul")
    && part.getBoundingClientRect().right > row_edge(part)
    || part.closest("article") === part && part.scrollWidth > part.clientWidth + 1);
  function row_edge(part) { return part.closest("article").getBoundingClientRect().right + 1; }
  return { whole: whole.length, cut: cut.map((part) => part.className || part.tagName) };
}"""
# what decides stands in every row without unfolding
DECIDES = (".word", ".owner", "h2", ".person", ".facts li", ".next", "[data-act=open]")


@pytest.mark.parametrize(("size", "least"), [(LAPTOP, 8), (SCREEN, 12)], ids=["laptop", "screen"])
def test_a_screen_holds_the_rows_that_a_pharmacist_needs(
    open_page: Open, site: Site, size: tuple[int, int], least: int
) -> None:
    page = open_page("/worklist?all=1", size=size)
    page.wait_for_selector("#live[data-state=live]")
    shot(page, f"worklist-{size[0]}")
    seen = page.evaluate(SEEN)
    assert seen["cut"] == []
    assert seen["whole"] >= least
    for row in page.locator("article.row").all()[:least]:
        for part in DECIDES:
            assert row.locator(part).first.is_visible(), part


@pytest.mark.parametrize("size", [(683, 384), (320, 640)], ids=["twice as large", "narrowest"])
def test_enlarged_or_narrow_nothing_is_cut_off(
    open_page: Open, site: Site, size: tuple[int, int]
) -> None:
    """A laptop at 200 %, and the width that WCAG 1.4.10 asks for."""
    page = open_page("/worklist?all=1", size=size)
    assert page.evaluate("document.documentElement.scrollWidth") <= size[0]
    page.evaluate("document.querySelectorAll('.folded').forEach((one) => { one.open = true; })")
    assert page.evaluate("document.documentElement.scrollWidth") <= size[0]
    assert page.evaluate(SEEN)["cut"] == []


def test_nothing_to_show_is_shown(open_page: Open, tmp_path: Path) -> None:
    with serving(tmp_path) as empty:
        page = open_page("/worklist", on=empty)
        shot(page, "worklist-empty")
        assert faults(page) == []


def test_on_paper_there_are_no_buttons(open_page: Open, site: Site) -> None:
    page = open_page("/worklist?all=1")
    page.emulate_media(media="print")
    shot(page, "worklist-print")
    assert not page.locator(".row .actions").first.is_visible()
    assert page.locator(".row h2").first.is_visible()


@SIZES
def test_axe_finds_no_fault_in_what_opens(
    open_page: Open, site: Site, size: tuple[int, int], dark: bool
) -> None:
    page = open_page("/worklist?ward=Ward+2", user=DREW, size=size, dark=dark)
    page.locator(".folded > summary").first.click()
    assert looked_at(page, "worklist-unfolded", size, dark) == []
    page.locator(".row > .actions [data-act=more]").first.click()
    assert looked_at(page, "worklist-more", size, dark) == []
    page.keyboard.press("Escape")
    other = open_page("/patients/whole", user=DREW, size=size, dark=dark)
    other.locator("[data-act=qr]").click()
    other.locator("#qr .qr").wait_for()
    assert looked_at(other, "patient-qr", size, dark) == []
