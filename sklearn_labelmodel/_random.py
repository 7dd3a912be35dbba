"""Random numbers that leave NumPy's global generator alone."""

from __future__ import annotations

import threading
from numbers import Integral
from typing import Any

import numpy as np
from sklearn.utils import check_random_state

_OF_THREAD = threading.local()


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


def first_number(random_state: Any) -> float:
    """The first uniform number of `random_state_of(random_state)`.

    Parameters
    ----------
    random_state : int, RandomState instance or None
    """
    if not isinstance(random_state, Integral):
        return float(random_state_of(random_state).random_sample())
    # To seed a generator anew is fifty times cheaper than to make one, which takes a tenth of a small fit.
    if not hasattr(_OF_THREAD, "generator"):
        _OF_THREAD.generator = np.random.RandomState()
    _OF_THREAD.generator.seed(int(random_state))
    return float(_OF_THREAD.generator.random_sample())
