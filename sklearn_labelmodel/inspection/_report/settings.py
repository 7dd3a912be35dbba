"""How a fit was made: parameters, versions, and when it was looked at."""

from __future__ import annotations

import platform
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from ..._utils import quoted

PACKAGES = ("sklearn-labelmodel", "scikit-learn", "numpy", "scipy", "pandas", "torch")


def settings_of(model: Any) -> dict[str, str]:
    """Parameters of a model in words, those that differ from the default marked, versions and the time."""
    default = type(model)().get_params()
    settings = {
        name: quoted(value) + ("" if quoted(value) == quoted(default[name]) else " (set)")
        for name, value in model.get_params().items()
    }
    settings["Python"] = platform.python_version()
    settings |= {package: _version(package) for package in PACKAGES}
    return settings | {"made": f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC"}


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "not installed as a package"
