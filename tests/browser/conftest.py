"""A headless Chromium, where there is one, and pages in it that note whatever goes wrong."""

import shutil
from importlib.resources import files
from types import SimpleNamespace

import pytest

CHROMIUM = next(
    filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None
)


@pytest.fixture(scope="session")
def browser():
    playwright = pytest.importorskip("playwright.sync_api")
    if CHROMIUM is None:
        pytest.skip("Chromium is not installed")
    with playwright.sync_playwright() as started:
        running = started.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield running
        running.close()


@pytest.fixture
def look(browser, tmp_path):
    """Open some HTML; the page, with what it logged and what it asked for."""
    contexts = []

    def opened(html, *, dark=False, width=1000, scripts=True):
        context = browser.new_context(
            color_scheme="dark" if dark else "light",
            viewport={"width": width, "height": 800},
            java_script_enabled=scripts,
        )
        contexts.append(context)
        page, path = context.new_page(), tmp_path / f"page_{len(contexts)}.html"
        path.write_text(html, encoding="utf-8")
        noted = SimpleNamespace(page=page, errors=[], requests=[], address=path.as_uri())
        page.on("console", lambda message: noted.errors.append(message.text))
        page.on("pageerror", lambda error: noted.errors.append(str(error)))
        page.on("dialog", lambda dialog: noted.errors.append(dialog.message) or dialog.dismiss())
        page.on("request", lambda request: noted.requests.append(request.url))
        page.goto(noted.address)
        return noted

    yield opened
    for context in contexts:
        context.close()


@pytest.fixture(scope="session")
def axe():
    """The source of axe-core."""
    pytest.importorskip("axe_playwright_python")
    return (files("axe_playwright_python") / "axe.min.js").read_text(encoding="utf-8")
