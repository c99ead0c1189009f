from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from service.security.session import COOKIE, User
from tests.browser import chromium
from tests.browser.serving import Site, journey, serving

SHOTS = Path(__file__).resolve().parents[2] / "test-artefacts"
DESKTOP, TABLET, PHONE = (1280, 900), (820, 1180), (390, 844)
LAPTOP, SCREEN = (1366, 768), (1920, 1080)

ANN = User("Ann Able", "pharmacist")
# how long one waits on a busy machine for what comes at once on a quiet one
PATIENCE_S = 60
expect.set_options(timeout=PATIENCE_S * 1000)

Open = Callable[..., Page]


@pytest.fixture(scope="session")
def chrome() -> Iterator[Browser]:
    with chromium.browser() as running:
        yield running


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """One service for all: forty alerts of every kind; tests that change use their own patient."""
    with serving(tmp_path_factory.mktemp("site")) as running:
        running.push(journey("quiet", "quiet"))
        running.push(journey("haloperidol-36h", "whole"))
        for n in range(5):
            running.push(journey("haloperidol-36h", f"hal-{n}", until=3 + n % 4, ward=f"Ward {n}"))
        for n in range(5):
            running.push(journey("dantrolene-on-verapamil", f"dan-{n}", ward="ICU"))
        running.push(journey("levodopa-nil-by-mouth", "levo"))
        running.settle()
        yield running


@pytest.fixture
def open_page(chrome: Browser, site: Site) -> Iterator[Open]:
    """`open_page(path, user=..., size=..., dark=...)`: a browser of its own, signed in."""
    with ExitStack() as held:

        def make(
            path: str,
            *,
            user: User | None = ANN,
            size: tuple[int, int] = DESKTOP,
            dark: bool = False,
            on: Site = site,
        ) -> Page:
            context = chrome.new_context(
                viewport={"width": size[0], "height": size[1]},
                color_scheme="dark" if dark else "light",
                base_url=on.base,
                has_touch=size == PHONE,
            )
            held.callback(context.close)
            if user is not None:
                session = {"name": COOKIE, "value": on.cookie(user), "url": on.base}
                context.add_cookies([session])
            page = context.new_page()
            page.set_default_timeout(PATIENCE_S * 1000)
            faults: list[str] = []
            page.on("pageerror", lambda fault: faults.append(str(fault)))
            page.on("request", lambda asked: _elsewhere(asked.url, on.base, faults))
            page.on("console", lambda said: _blocked(said.text, faults))
            page.goto(path)
            held.callback(lambda: _no_faults(faults))
            return page

        yield make


def _elsewhere(url: str, base: str, faults: list[str]) -> None:
    """A page that asks anybody but us for something would not work without the internet."""
    if not url.startswith((f"{base}/", "data:", "blob:")):
        faults.append(f"asked elsewhere: {url}")


def _blocked(said: str, faults: list[str]) -> None:
    """What the browser's policy refused is a fault of ours."""
    if "Content Security Policy" in said:
        faults.append(said)


def _no_faults(faults: list[str]) -> None:
    assert faults == []


def shot(page: Page, name: str) -> None:
    """A screenshot for people to look at: test-artefacts/ is not in the repository."""
    SHOTS.mkdir(exist_ok=True)
    page.screenshot(path=SHOTS / f"{name}.png")
