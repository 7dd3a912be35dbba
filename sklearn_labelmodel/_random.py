"""Random numbers that leave NumPy's global generator alone."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.utils import check_random_state


def random_state_of(random_state: Any) -> np.random.RandomState:
    """As scikit-learn's `check_random_state`, but None never means NumPy's global generator.

    Parameters
    ----------
    random_state : int, RandomState instance or None
        None draws a seed from the operating system.

    Raises
    ------
    ValueError
        What seeds no generator.
    """
    return np.random.RandomState() if random_state is None else check_random_state(random_state)
