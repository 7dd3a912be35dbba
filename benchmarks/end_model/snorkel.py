"""Snorkel's soft labels, asked from its own environment."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin

from benchmarks.peers import DEFAULT_PATH, python_of
from benchmarks.quality.answers import PeerRunner
from benchmarks.quality.sets import RealSet, Rows


@dataclass(frozen=True)
class SnorkelLabels:
    """Asks Snorkel to label the rows that it is fitted on."""

    runner: PeerRunner

    @classmethod
    def if_at_hand(cls, environment: Path | None) -> SnorkelLabels | None:
        """Return it where the peers' environment was made before, which run.py and quality.py do."""
        python = python_of(environment or DEFAULT_PATH)
        return cls(PeerRunner(python, timeout=600, jobs=1)) if python.exists() else None

    def ask(self, L: np.ndarray, n_classes: int) -> np.ndarray:
        """Return class probabilities of all rows.

        Raises
        ------
        RuntimeError
            Snorkel failed.
        """
        self.runner.kept.mkdir(parents=True, exist_ok=True)
        # All rows count as labelled, so that all are asked for; labels are no part of the question.
        rows = Rows(L.astype(np.int64), np.zeros(len(L), dtype=np.int64))
        answer = self.runner.ask(RealSet("end_model", n_classes, {"train": rows}), "snorkel")
        if isinstance(answer, str):
            raise RuntimeError(f"Snorkel: {answer}")
        return answer


class FixedLabels(ClassifierMixin, BaseEstimator):
    """A label model that says what it was given, of the rows that it is fitted on."""

    def __init__(self, proba: np.ndarray):
        self.proba = proba

    def fit(self, L: Any, y: Any = None) -> FixedLabels:  # noqa: ARG002
        """Know the classes."""
        self.classes_ = np.arange(self.proba.shape[1])
        return self

    def predict_proba(self, L: Any) -> np.ndarray:  # noqa: ARG002
        """Return the probabilities."""
        return self.proba
