"""Warnings that point at the user's line."""

from __future__ import annotations

import sys
import warnings

OWN_MODULES = ("sklearn_labelmodel", "sklearn", "joblib")


def warn_user(message: str, category: type[Warning] = UserWarning) -> None:
    """Warn at the nearest line outside this package, scikit-learn and joblib."""
    frame, level = sys._getframe(1), 2
    while frame.f_back and frame.f_globals.get("__name__", "").split(".")[0] in OWN_MODULES:
        frame, level = frame.f_back, level + 1
    warnings.warn(message, category, stacklevel=level)
