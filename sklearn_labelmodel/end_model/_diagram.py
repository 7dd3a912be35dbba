"""Estimators one after the other, for scikit-learn's HTML diagram."""

from __future__ import annotations

from typing import Any


def serial_block(steps: dict[str, object]) -> Any:
    """A block of scikit-learn's diagram in which each of the named estimators follows the one before."""
    try:
        from sklearn.utils._repr_html.estimator import _VisualBlock
    except ImportError:  # scikit-learn 1.6
        from sklearn.utils._estimator_html_repr import _VisualBlock

    return _VisualBlock(
        "serial",
        list(steps.values()),
        names=[f"{name}: {type(step).__name__}" for name, step in steps.items()],
        name_details=[str(step) for step in steps.values()],
        dash_wrapped=False,
    )
