"""How fast (speed) and how good (quality) this package is, beside its peers; see README.md."""

from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent
DATA = HERE / ".data"  # generated votes, and what peers answered
RESULTS = HERE / "results"
