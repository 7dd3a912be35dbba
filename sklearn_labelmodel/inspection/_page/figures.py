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


def reliability(bins: NDArray[np.float64]) -> str:
    """Share that is right against the mean probability, dots as large as they hold rows."""
    side, edge = 260.0, 42.0
    inner = side - 2 * edge

    def x(p: float) -> float:
        return edge + inner * p

    def y(share: float) -> float:
        return side - edge - inner * share

    shapes = [f'<rect class="slm-frame" x="{edge}" y="{edge}" width="{inner}" height="{inner}"/>']
    shapes += [f'<line class="slm-axis" x1="{x(0)}" y1="{y(0)}" x2="{x(1)}" y2="{y(1)}"/>']
    points = " ".join(f"{x(p):.1f},{y(share):.1f}" for p, share, _ in bins)
    shapes += [f'<polyline class="slm-curve" points="{points}"/>']
    largest = bins[:, 2].max(initial=1.0)
    shapes += [
        f'<circle class="slm-estimate" cx="{x(p):.1f}" cy="{y(share):.1f}" r="{3 + 4 * np.sqrt(n / largest):.1f}"/>'
        for p, share, n in bins
    ]
    for share in (0.0, 0.5, 1.0):
        shapes += [
            f'<text class="slm-tick" x="{x(share)}" y="{side - edge + 16}" text-anchor="middle">{share:.0%}</text>',
            f'<text class="slm-tick" x="{edge - 6}" y="{y(share) + 4}" text-anchor="end">{share:.0%}</text>',
        ]
    shapes += [
        f'<text class="slm-tick" x="{side / 2}" y="{side - 2}" text-anchor="middle">probability of the label</text>',
        f'<text class="slm-tick" x="{edge}" y="{edge - 12}">share of labels that are right</text>',
    ]
    said = "; ".join(f"of {n:.0f} rows at {p:.0%}, {share:.0%} are right" for p, share, n in bins)
    return element(
        "svg",
        "".join(shapes),
        class_="slm-plot",
        viewBox=f"0 0 {side:.0f} {side:.0f}",
        role="img",
        aria_label=f"Reliability: {said}",
    )
