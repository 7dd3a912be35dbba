"""Pictures as SVG, without words in them: words beside a picture keep their size on a phone."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from .markup import element

HEIGHT = 22
MIDDLE = HEIGHT // 2
QUARTERS = (0.0, 0.25, 0.5, 0.75, 1.0)


def drawing(shapes: list[str], said: str | None, height: int = HEIGHT) -> str:
    """A picture as wide as its place, and what is said of it to those who do not see it."""
    role = {"aria_hidden": "true"} if said is None else {"role": "img", "aria_label": said}
    return element("svg", "".join(shapes), class_="slm-svg", height=height, **role)


def at(share: float) -> str:
    """A place in [0, 1] from the left, with room for a mark at either end."""
    return f"{2 + 96 * float(np.clip(share, 0, 1)):.2f}%"


def grid(height: int = HEIGHT) -> list[str]:
    """Lines at quarters, which meet those of the rows above and below."""
    return [
        f'<line class="slm-grid" x1="{at(x)}" x2="{at(x)}" y1="0" y2="{height}"/>' for x in QUARTERS
    ]


def interval(low: float, high: float, class_: str, y: int = MIDDLE) -> str:
    """A line from one share to another."""
    return f'<line class="{class_}" x1="{at(low)}" x2="{at(high)}" y1="{y}" y2="{y}"/>'


def dot(share: float, class_: str, y: int = MIDDLE) -> str:
    return f'<circle class="{class_}" cx="{at(share)}" cy="{y}" r="4.5"/>'


def diamond(share: float, class_: str, y: int = MIDDLE) -> str:
    path = f'<path class="{class_}" d="M0,-6 L6,0 L0,6 L-6,0 Z"/>'
    return f'<svg x="{at(share)}" y="{y}" overflow="visible">{path}</svg>'


def square(share: float, class_: str, y: int = MIDDLE) -> str:
    path = f'<path class="{class_}" d="M-4,-4 H4 V4 H-4 Z"/>'
    return f'<svg x="{at(share)}" y="{y}" overflow="visible">{path}</svg>'


def tick(share: float, class_: str, height: int = HEIGHT) -> str:
    """A short line across."""
    x = at(share)
    return f'<line class="{class_}" x1="{x}" x2="{x}" y1="3" y2="{height - 3}"/>'


def bar(share: float, class_: str) -> str:
    """A bar from the left."""
    width = 96 * float(np.clip(share, 0, 1))
    return f'<rect class="{class_}" x="2%" y="5" width="{width:.2f}%" height="{HEIGHT - 10}"/>'


def diverging(weight: float, largest: float) -> str:
    """A bar from the middle, to the right above zero."""
    width = 48 * abs(weight) / largest if largest else 0.0
    x, side = (50.0, "for") if weight >= 0 else (50.0 - width, "against")
    middle = f'<line class="slm-axis" x1="50%" x2="50%" y1="0" y2="{HEIGHT}"/>'
    shape = (
        f'<rect class="slm-{side}" x="{x:.2f}%" y="5" width="{width:.2f}%" height="{HEIGHT - 10}"/>'
    )
    return drawing([shape, middle], None)


# The reliability plot's side, and the room around its frame.
SIDE, EDGE = 260.0, 42.0
INNER = SIDE - 2 * EDGE


def reliability(bins: NDArray[np.float64]) -> str:
    """Share that is right against the mean probability, dots as large as they hold rows."""
    points = [(EDGE + INNER * p, SIDE - EDGE - INNER * share) for p, share, _ in bins]
    line = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    radius = 3 + 4 * np.sqrt(bins[:, 2] / bins[:, 2].max(initial=1.0))
    dots = [
        f'<circle class="slm-estimate" cx="{x:.1f}" cy="{y:.1f}" r="{r:.1f}"/>'
        for (x, y), r in zip(points, radius, strict=True)
    ]
    curve = f'<polyline class="slm-curve" points="{line}"/>'
    said = "; ".join(f"of {n:.0f} rows at {p:.0%}, {share:.0%} are right" for p, share, n in bins)
    return element(
        "svg",
        "".join(
            [*_axes("probability of the label", "share of labels that are right"), curve, *dots]
        ),
        class_="slm-plot",
        viewBox=f"0 0 {SIDE:.0f} {SIDE:.0f}",
        role="img",
        aria_label=f"Reliability: {said}",
    )


def _axes(below: str, above: str) -> list[str]:
    """A frame from 0% to 100% on both sides, its diagonal, and what they are."""
    low, high = EDGE, SIDE - EDGE
    ticks = []
    for share in (0.0, 0.5, 1.0):
        x, y = low + INNER * share, high - INNER * share
        ticks += [_words(f"{share:.0%}", x, high + 16, "middle")]
        ticks += [_words(f"{share:.0%}", low - 6, y + 4, "end")]
    return [
        f'<rect class="slm-frame" x="{low}" y="{low}" width="{INNER}" height="{INNER}"/>',
        f'<line class="slm-axis" x1="{low}" y1="{high}" x2="{high}" y2="{low}"/>',
        *ticks,
        _words(below, SIDE / 2, SIDE - 6, "middle"),
        _words(above, low, low - 12, "start"),
    ]


def _words(words: str, x: float, y: float, anchor: str) -> str:
    return f'<text class="slm-tick" x="{x}" y="{y}" text-anchor="{anchor}">{words}</text>'
