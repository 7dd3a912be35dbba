import os

# Before SciPy is imported: scikit-learn skips its array API check otherwise.
os.environ["SCIPY_ARRAY_API"] = "1"
# Small matrices: torch's threads would only wait for each other.
os.environ.setdefault("OMP_NUM_THREADS", "1")

import pytest
from helpers import make_votes
from hypothesis import HealthCheck, settings

settings.register_profile(
    "deterministic",
    derandomize=True,
    deadline=None,
    max_examples=12,
    database=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
settings.load_profile("deterministic")


@pytest.fixture(scope="session")
def binary():
    """Votes of five LFs on two classes, and the truth; read-only, since tests share them."""
    return make_votes()


@pytest.fixture(scope="session")
def three_classes():
    return make_votes(n_classes=3, n_lfs=6, seed=1)
