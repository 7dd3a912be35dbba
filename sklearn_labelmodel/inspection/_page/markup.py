"""Pieces of HTML: whatever users wrote is shown as they wrote it."""

from __future__ import annotations

from html import escape
from typing import Any

LONGEST_NAME = 80


def text(value: object) -> str:
    """Any text, harmless."""
    return escape(str(value), quote=True)


def name(value: object) -> str:
    """A name of the user's, isolated from the text around it whatever its direction; a long one without its middle."""
    shown = str(value)
    if len(shown) > LONGEST_NAME:
        half = LONGEST_NAME // 2
        shown = f"{shown[:half]}…{shown[-half:]}"
    # A name may be broken after an underscore.
    return f'<bdi class="slm-name">{text(shown).replace("_", "_<wbr>")}</bdi>'


def element(tag: str, content: str, /, **attributes: Any) -> str:
    """A tag around content that is HTML already; `class_` and `aria_label` stand for class and aria-label."""
    given = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{text(value)}"'
        for key, value in attributes.items()
        if value is not None
    )
    return f"<{tag}{given}>{content}</{tag}>"


def table(head: list[str], rows: list[list[str]], caption: str, class_: str = "") -> str:
    """A table whose first column heads its rows; cells are HTML. It scrolls by itself where it is too wide."""
    first = "".join(element("th", cell, scope="col") for cell in head)
    body = "".join(
        element("tr", element("th", row[0], scope="row") + "".join(_cell(cell) for cell in row[1:]))
        for row in rows
    )
    parts = (
        f"<caption>{text(caption)}</caption><thead><tr>{first}</tr></thead><tbody>{body}</tbody>"
    )
    inner = element("table", parts, class_=class_ or None)
    return element(
        "div", inner, class_="slm-scroll", tabindex="0", role="group", aria_label=caption
    )


def _cell(content: str) -> str:
    return content if content.startswith("<td") else f"<td>{content}</td>"


def number(words: str) -> str:
    """A cell of a table, for a number."""
    return f'<td class="slm-number">{words}</td>'


def muted(sentence: str) -> str:
    """A paragraph of less weight; nothing where there is nothing to say."""
    return f'<p class="slm-muted">{sentence}</p>' if sentence else ""


def details(summary: str, content: str) -> str:
    """Content that opens on a click, and is printed in any case."""
    return element("details", element("summary", summary) + content)


def listing(items: list[str], class_: str | None = None) -> str:
    """A list of items that are HTML."""
    return element("ul", "".join(element("li", item) for item in items), class_=class_)
