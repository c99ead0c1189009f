"""A real Chromium for the browser tests: found, or installed by the tests themselves.

Never a silent skip: where there is none and none can be installed, the tests fail and say what
to do. NMS_SENTINEL_CHROMIUM names a browser that lies elsewhere.
"""

import fcntl
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from playwright.sync_api import Browser, Playwright, sync_playwright

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
INSTALL_SECONDS = 600
# no sandbox: the tests run as root in CI; no network of its own: it may only see our server
ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
)


class NoBrowser(RuntimeError):
    """There is no Chromium and it could not be installed."""


def chromium() -> str:
    """The path of a Chromium; installs Debian's package when there is none. Raises NoBrowser."""
    with _one_at_a_time():
        found = _found()
        if found is None:
            _install()
            found = _found()
        if found is None:
            raise NoBrowser("The package chromium was installed and holds no browser.")
        return found


def _found() -> str | None:
    named = os.environ.get("NMS_SENTINEL_CHROMIUM")
    if named:
        if not Path(named).is_file():
            raise NoBrowser(f"NMS_SENTINEL_CHROMIUM names {named}, which is no file.")
        return named
    return next((path for name in NAMES if (path := shutil.which(name))), None)


def _install() -> None:
    apt = shutil.which("apt-get")
    if apt is None or os.geteuid() != 0:
        raise NoBrowser(
            "The browser tests need Chromium. Install your system's package (chromium), or name a"
            " browser in NMS_SENTINEL_CHROMIUM. As root on Debian or Ubuntu they install it."
        )
    environ = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for step in (["update", "-q"], ["install", "-y", "-q", "--no-install-recommends", "chromium"]):
        done = subprocess.run(
            [apt, *step],
            env=environ,
            capture_output=True,
            text=True,
            timeout=INSTALL_SECONDS,
            check=False,
        )
        if done.returncode != 0:
            raise NoBrowser(f"apt-get {step[0]} failed:\n{done.stdout[-800:]}{done.stderr[-800:]}")


@contextmanager
def _one_at_a_time() -> Iterator[None]:
    """Test processes that run side by side install once."""
    with (Path(tempfile.gettempdir()) / "nms-sentinel-chromium.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


_running: list[Playwright] = []


@contextmanager
def browser() -> Iterator[Browser]:
    """A running headless browser; several may be open in one process, with one driver."""
    path = chromium()
    with ExitStack() as stack:
        if not _running:
            _running.append(stack.enter_context(sync_playwright()))
            stack.callback(_running.clear)
        opened = _running[0].chromium.launch(executable_path=path, args=list(ARGUMENTS))
        stack.callback(opened.close)
        yield opened
