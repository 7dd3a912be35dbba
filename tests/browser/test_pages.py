"""The fit report in a real browser: both themes, a phone, print, a notebook; their looks were judged by eye."""

import shutil
from importlib.resources import files
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from sklearn_labelmodel import LabelModelClassifier
from sklearn_labelmodel.datasets import make_label_matrix
from sklearn_labelmodel.inspection import lf_summary

pytestmark = pytest.mark.browser

SCRIPT, DOLLARS, RTL, ROCKET = (
    "<script>alert(1)</script>",
    "$5 or $9",
    "قاعدة البريد (2)",
    "🚀 & co",
)
LONG = "a_rule_whose_name_has_no_end_" * 6
NAMES = [SCRIPT, DOLLARS, RTL, ROCKET, LONG]
THEMES = pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
WIDTHS = pytest.mark.parametrize("width", [360, 1000], ids=["phone", "desktop"])

# Contrast of every text with what is painted behind it, by the formula of WCAG 2.
CONTRASTS = """() => {
  const parse = c => { const n = c.match(/[\\d.]+/g).map(Number); return [n[0], n[1], n[2], n[3] ?? 1] }
  const over = (a, b) => [0, 1, 2].map(i => a[i] * a[3] + b[i] * (1 - a[3])).concat(1)
  const light = c => c.slice(0, 3).map(v => v / 255).map(v => v <= .03928 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4)
    .reduce((sum, v, i) => sum + v * [.2126, .7152, .0722][i], 0)
  const behind = e => { const own = parse(getComputedStyle(e).backgroundColor)
    return own[3] === 1 || !e.parentElement ? own : over(own, behind(e.parentElement)) }
  const found = [], walk = document.createTreeWalker(document.querySelector('.slm-report'), NodeFilter.SHOW_TEXT)
  for (let node = walk.nextNode(); node; node = walk.nextNode()) {
    const e = node.parentElement, style = getComputedStyle(e)
    if (!node.data.trim() || e.tagName === 'STYLE') continue
    const svg = e.namespaceURI.includes('svg')
    const [a, b] = [light(over(parse(svg ? style.fill : style.color), behind(e))), light(behind(e))]
    found.push([(Math.max(a, b) + .05) / (Math.min(a, b) + .05), node.data.trim()])
  }
  return found
}"""
OPEN_ALL = "document.querySelectorAll('details').forEach(each => { each.open = true })"


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


@pytest.fixture(scope="module")
def report():
    """A report with all sections, and names that would do harm if they were not shown as written."""
    accuracy = [0.9, 0.85, 0.8, 0.75, 0.7, 0.2]
    data = make_label_matrix(800, 6, accuracy=accuracy, coverage=0.6, as_frame=True, random_state=0)
    L = data.L.set_axis([*NAMES, "upside down"], axis=1).replace({-1: None, 0: "ham", 1: "<b>spam"})
    L["copy"], L["one-sided"] = L[SCRIPT], L[DOLLARS].where(L[DOLLARS] == "ham", None)
    L.index = pd.Index([f"{DOLLARS} {i}" for i in range(800)])
    y = np.array(["ham", "<b>spam"], dtype=object)[data.y]
    model = LabelModelClassifier().fit(L)
    older = L.iloc[:400].assign(**{ROCKET: None})
    return model.report(L, y, reference=older, ignore=["few-votes"])


@THEMES
@WIDTHS
def test_the_page_is_quiet_fits_and_is_accessible(report, look, axe, dark, width):
    seen = look(report.to_html(), dark=dark, width=width)
    seen.page.evaluate(OPEN_ALL)
    assert seen.page.evaluate("document.documentElement.scrollWidth") == width
    assert min(seen.page.evaluate(CONTRASTS)) > [4.5]
    seen.page.evaluate(axe)
    violations = seen.page.evaluate("axe.run().then(found => found.violations)")
    assert [(each["id"], each["nodes"][0]["html"]) for each in violations] == []
    assert seen.errors == []
    assert seen.requests == [seen.address]


def test_the_themes_differ(report, look):
    colours = [
        look(report.to_html(), dark=dark).page.evaluate(
            "getComputedStyle(document.querySelector('.slm-report')).backgroundColor"
        )
        for dark in (False, True)
    ]
    assert colours == ["rgb(255, 255, 255)", "rgb(21, 24, 29)"]


@pytest.mark.parametrize("name", NAMES[:4])
def test_names_are_shown_as_written_and_apart_from_the_text_around_them(report, look, name):
    page = look(report.to_html()).page
    shown = page.locator(".slm-lfs tbody th bdi").filter(has_text=name)
    assert shown.inner_text() == name
    assert shown.evaluate("each => getComputedStyle(each).unicodeBidi") == "isolate"
    assert page.locator("script").count() == 0


def test_a_long_name_keeps_both_ends(report, look):
    shown = (
        look(report.to_html())
        .page.locator("bdi")
        .filter(has_text="a_rule_whose")
        .first.inner_text()
    )
    assert (LONG[:40], LONG[-40:]) == tuple(shown.split("…"))


def test_without_javascript_everything_can_be_read(report, look):
    page = look(report.to_html(), scripts=False).page
    line = page.get_by_text("Every LF votes", exact=True)
    assert not line.is_visible()
    page.get_by_text("Passed: ").click()
    assert line.is_visible()
    assert page.locator("svg").count() > len(report.lfs)


def test_what_is_folded_is_printed(report, look):
    page = look(report.to_html(), dark=True).page
    page.emulate_media(media="print")
    height = "document.querySelector('details li').getBoundingClientRect().height"
    assert page.evaluate(height) > 0
    colour = "getComputedStyle(document.querySelector('.slm-report')).color"
    assert page.evaluate(colour) == "rgb(27, 31, 36)"


HOST = """<!DOCTYPE html><html lang="en" {theme}><head><title>a notebook</title></head><body><main><h1>Cells</h1>
<table><tr><th>x</th><td>1</td></tr></table><ul><li><a href="#a">a</a></li></ul><details><summary>s</summary>t</details>
{report}</main></body></html>"""


@pytest.mark.parametrize(
    ("theme", "colour"),
    [
        ('data-jp-theme-light="false"', "rgb(21, 24, 29)"),
        ('data-theme="dark"', "rgb(21, 24, 29)"),
        ('class="vscode-dark"', "rgb(21, 24, 29)"),
        ('data-jp-theme-light="true"', "rgb(255, 255, 255)"),
    ],
)
@THEMES
def test_in_a_notebook_its_theme_counts_whatever_the_system_prefers(
    report, look, theme, colour, dark
):
    page = look(HOST.format(theme=theme, report=report._repr_html_()), dark=dark).page
    back = "getComputedStyle(document.querySelector('.slm-report')).backgroundColor"
    assert page.evaluate(back) == colour
    assert min(page.evaluate(CONTRASTS)) > [4.5]


@pytest.mark.parametrize("shown", ["explanation", "summary"])
@WIDTHS
@THEMES
def test_what_a_notebook_shows_of_rows_and_lfs_is_quiet_and_accessible(
    report, look, axe, shown, width, dark
):
    data = make_label_matrix(300, 6, accuracy=0.8, as_frame=True, random_state=0)
    L = data.L.set_axis([*NAMES, "$6"], axis=1)
    model = LabelModelClassifier().fit(L)
    table = model.explain(L.iloc[[0]]) if shown == "explanation" else lf_summary(L, data.y, model)
    html = HOST.format(theme="", report=table._repr_html_())
    seen = look(html, dark=dark, width=width)
    seen.page.evaluate(OPEN_ALL)
    assert seen.page.evaluate("document.documentElement.scrollWidth") == width
    assert min(seen.page.evaluate(CONTRASTS)) > [4.5]
    seen.page.evaluate(axe)
    violations = seen.page.evaluate("axe.run('.slm-report').then(found => found.violations)")
    assert [(each["id"], each["nodes"][0]["html"]) for each in violations] == []
    assert (seen.errors, seen.requests) == ([], [seen.address])


STYLES = """[...document.querySelectorAll('h1, table, th, td, ul, li, a, summary, main, body')]
  .filter(each => !each.closest('.slm-report'))
  .map(each => { const style = getComputedStyle(each)
    return ['color', 'backgroundColor', 'font', 'padding', 'margin', 'border'].map(name => style[name]).join() })"""


@THEMES
def test_nothing_of_its_style_reaches_the_page_around(report, look, dark):
    alone, beside = (
        look(HOST.format(theme="", report=html), dark=dark).page.evaluate(STYLES)
        for html in ("", report._repr_html_())
    )
    assert beside == alone


def test_two_reports_in_one_notebook_share_no_id(report, look):
    twice = report._repr_html_() * 2
    ids = look(HOST.format(theme="", report=twice)).page.evaluate(
        "[...document.querySelectorAll('[id]')].map(each => each.id)"
    )
    assert len(ids) == len(set(ids))
