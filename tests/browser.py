"""A real headless browser for tests: what a page asked for and complained of is kept, and nothing leaves this machine."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

OWN = ("127.0.0.1", "localhost", "::1")
BENIGN = (  # of a busy machine, not of the page: a frame came late, or MLflow draws a chart before its box has a size, and then again
    "ResizeObserver loop",
    'attribute transform: Trailing garbage, "translate(0,NaN)"',
)
INLINE = ("data", "file", "blob", "about")
SWITCHES = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
]
NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
MISSING = "no browser is here: make test installs Debian's package chromium, or name a browser in XLT_BROWSER"


@dataclass
class Opened:
    """A page of the browser, and what it did since it was opened."""

    page: Any
    """Playwright's."""
    requests: list[str] = field(default_factory=list)
    """Every address that was asked for."""
    blocked: list[str] = field(default_factory=list)
    """Those among them that would have left this machine."""
    errors: list[str] = field(default_factory=list)
    """Console errors, and exceptions that nothing caught."""

    @property
    def text(self) -> str:
        """What a reader sees, without what is hidden."""
        return str(self.page.inner_text("body"))


def stays(address: str) -> bool:
    """Whether a request for it stays on this machine."""
    parts = urlsplit(address)
    return parts.scheme in INLINE or parts.hostname in OWN


def found() -> str | None:
    """The browser's program, if there is one."""
    named = os.environ.get("XLT_BROWSER")
    return named or next((path for name in NAMES if (path := shutil.which(name))), None)


@pytest.fixture(scope="module")
def browser() -> Iterator["Browser"]:
    """One browser for the tests of a file."""
    from playwright.sync_api import sync_playwright

    program = found()
    assert program is not None, MISSING
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=program, args=SWITCHES)
        yield Browser(launched)
        launched.close()


class Browser:
    """Opens pages."""

    def __init__(self, launched: Any) -> None:
        self.launched = launched

    @contextmanager
    def open(
        self, address: str | Path, *, width: int = 1440, height: int = 900, dark: bool = False, **more: Any
    ) -> Iterator[Opened]:
        """Open an address, or a file, in a window of its own without a history.

        Args:
            address: a URL or a path.
            width: of the window, in CSS pixels; 390 is a phone.
            height: likewise.
            dark: whether the reader prefers a dark page.
            more: for Playwright's ``new_context``.
        """
        scheme = "dark" if dark else "light"
        context = self.launched.new_context(
            viewport={"width": width, "height": height}, color_scheme=scheme, service_workers="block", **more
        )
        opened = Opened(context.new_page())
        context.route("**/*", lambda route: _watch(route, opened))
        opened.page.on("console", lambda message: _heard(message, opened))
        opened.page.on("pageerror", lambda error: opened.errors.append(f"uncaught: {error}"))
        try:
            opened.page.goto(address.resolve().as_uri() if isinstance(address, Path) else address)
            yield opened
        finally:
            context.close()


def _watch(route: Any, opened: Opened) -> None:
    address = route.request.url
    opened.requests.append(address)
    if stays(address):
        route.continue_()
    else:
        opened.blocked.append(address)
        route.abort()


def _heard(message: Any, opened: Opened) -> None:
    if message.type == "error" and not any(text in message.text for text in BENIGN):
        opened.errors.append(f"{message.text} ({message.location.get('url', '')})")
