"""The worklist under 200 rows in a real browser: `python -m tests.benchmarks.pages [--rows N]`.

First paint as the browser reports it (navigation to first contentful paint), and how long the page
takes to put a changed row in its place after the answer has come. The floor is an empty page of
the same service in the same browser and run: the ratio is what may be compared between machines.
"""

import argparse
import sys
import tempfile
from pathlib import Path
from statistics import median

import orjson
from playwright.sync_api import Browser, BrowserContext, Page

from service.security.session import COOKIE, User
from tests.browser.chromium import browser
from tests.browser.serving import Site, journey, serving

ANN = User("Ann Able", "pharmacist")
_PAINT = "performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? null"
_SHOWN = "performance.getEntriesByName('rows-shown').map((one) => one.duration)"


def measure(rows: int = 200, turns: int = 7) -> dict[str, object]:
    """Milliseconds: medians over `turns`, and the worst."""
    with (
        tempfile.TemporaryDirectory() as folder,
        serving(Path(folder)) as site,
        browser() as chrome,
    ):
        context = _signed_in(chrome, site)
        empty = [_paint(context, "/worklist") for _ in range(turns)]
        alerts = _filled(site, rows)
        full = [_paint(context, "/worklist?all=1") for _ in range(turns)]
        updates = _updates(context, site, alerts[:turns])
        context.close()
    return {
        "rows": len(alerts),
        "first_paint_ms": round(median(full)),
        "first_paint_worst_ms": round(max(full)),
        "first_paint_empty_ms": round(median(empty)),
        "ratio": round(median(full) / median(empty), 2),
        "update_ms": round(median(updates), 1),
        "update_worst_ms": round(max(updates), 1),
    }


def _signed_in(chrome: Browser, site: Site) -> BrowserContext:
    context = chrome.new_context(viewport={"width": 1280, "height": 900}, base_url=site.base)
    context.add_cookies([{"name": COOKIE, "value": site.cookie(ANN), "url": site.base}])
    return context


def _filled(site: Site, rows: int) -> list[str]:
    """Patients until there are so many open alerts."""
    number = 0
    while len(found := site.store.alerts("default")) < rows:
        for _ in range(5):
            site.push(journey("dantrolene-on-verapamil", f"d{number}"))
            site.push(journey("haloperidol-36h", f"h{number}", until=4 + number % 4))
            number += 1
        site.settle(60)
    return [alert.id for alert in found]


def _paint(context: BrowserContext, path: str) -> float:
    page = context.new_page()
    page.goto(path)
    page.wait_for_function(f"{_PAINT} !== null")
    took = float(page.evaluate(_PAINT))
    page.close()
    return took


def _updates(context: BrowserContext, site: Site, keys: list[str]) -> list[float]:
    """Somebody else claims one after the other; the open page puts each in its place."""
    page: Page = context.new_page()
    page.goto("/worklist?all=1")
    page.wait_for_selector("#live[data-state=live]")
    other = _signed_in_as(context.browser, site)
    for key in keys:
        other.request.post(
            f"/api/v1/alerts/{key}/claim",
            headers={"x-csrf-token": site.sessions.csrf(_cookie(other))},
        )
        page.wait_for_function(
            "(key) => document.querySelector(`li[data-key='${key}']`).textContent"
            ".includes('Bob Best since')",
            arg=key,
        )
    return [float(took) for took in page.evaluate(_SHOWN)]


def _signed_in_as(chrome: Browser | None, site: Site) -> BrowserContext:
    assert chrome is not None
    context = chrome.new_context(base_url=site.base)
    bob = User("Bob Best", "pharmacist")
    context.add_cookies([{"name": COOKIE, "value": site.cookie(bob), "url": site.base}])
    return context


def _cookie(context: BrowserContext) -> str:
    return next(c["value"] for c in context.cookies() if c["name"] == COOKIE)


def main() -> int:
    parser = argparse.ArgumentParser(description="Measure the worklist in a real browser.")
    parser.add_argument("--rows", type=int, default=200)
    found = measure(parser.parse_args().rows)
    sys.stdout.write(orjson.dumps(found, option=orjson.OPT_INDENT_2).decode() + "\n")
    fast = found["first_paint_ms"] < 1000 and found["update_ms"] < 100  # type: ignore[operator]
    return 0 if fast else 1


if __name__ == "__main__":
    sys.exit(main())
