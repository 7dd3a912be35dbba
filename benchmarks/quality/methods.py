"""What is compared: this package in its settings, the peers, and settings ranked without labels."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from itertools import product
from typing import Any

import numpy as np
from scipy.stats import spearmanr

from sklearn_labelmodel import DawidSkeneClassifier, LabelModelClassifier, MajorityVoteClassifier

from .metrics import Scores, correctness, mean_scores, measure
from .sets import RealSet, Rows

BASELINE = "majority vote"
DEFAULT = "default"
PRIOR = "class prior"
GOLD = "50 gold"
SNORKEL = {"init": "snorkel", "optimizer_params": {"momentum": 0.9}, "random_state": 0}
# Settings of this package; "class prior" and "50 gold" get what they are named after.
OURS: dict[str, tuple[Callable[..., Any], dict[str, Any]]] = {
    BASELINE: (MajorityVoteClassifier, {}),
    DEFAULT: (LabelModelClassifier, {}),
    PRIOR: (LabelModelClassifier, {}),
    "estimate": (LabelModelClassifier, {"class_balance": "estimate"}),
    GOLD: (LabelModelClassifier, {"gold": "anchor"}),
    "copies in full": (LabelModelClassifier, {"dependencies": None}),
    "as Snorkel": (LabelModelClassifier, SNORKEL),
    "Dawid-Skene": (DawidSkeneClassifier, {}),
}
# Columns of the peers, by the names that worker.py knows them by.
PEERS = {
    "Snorkel": "snorkel",
    "Snorkel prior": "snorkel_prior",
    "ck DS": "dawid_skene",
    "ck GLAD": "glad",
    "ck MACE": "mace",
}
MEANING = {
    BASELINE: "MajorityVoteClassifier()",
    DEFAULT: "LabelModelClassifier()",
    PRIOR: "LabelModelClassifier(class_balance=shares)",
    "estimate": 'LabelModelClassifier(class_balance="estimate")',
    GOLD: "LabelModelClassifier(), with 50 labelled rows",
    "copies in full": "LabelModelClassifier(dependencies=None)",
    "as Snorkel": 'LabelModelClassifier(init="snorkel", momentum 0.9, seed 0)',
    "Dawid-Skene": "DawidSkeneClassifier()",
    "Snorkel": "Snorkel's LabelModel",
    "Snorkel prior": "Snorkel's LabelModel(class_balance=shares)",
    "ck DS": "crowd-kit's DawidSkene",
    "ck GLAD": "crowd-kit's GLAD, fitted on the scored votes too",
    "ck MACE": "crowd-kit's MACE, fitted on the scored votes too",
}
GRID = tuple(
    {"prec_init": prec_init, "n_epochs": n_epochs, "l2": l2}
    for prec_init, n_epochs, l2 in product((0.6, 0.8), (30, 300), (0.0, 0.1))
)


@dataclass(frozen=True)
class Result:
    """A method on a set.

    Attributes
    ----------
    data : RealSet
    method : str
    scores : Scores or None
        None where the method failed; `note` says why.
    gain, over_default : float
        Accuracy minus that of majority vote, and of the default, on the same rows. NaN where there is none.
    note : str
    """

    data: RealSet
    method: str
    scores: Scores | None = None
    gain: float = np.nan
    over_default: float = np.nan
    note: str = ""


@dataclass
class SetScorer:
    """Scores the methods on one set, each against majority vote and the default on the same rows."""

    data: RealSet
    accuracies: dict[str, np.ndarray] = field(default_factory=dict)
    methods: dict[str, tuple[Callable[..., Any], dict[str, Any]]] = field(
        default_factory=lambda: OURS
    )

    def score_ours(self, n_draws: int) -> list[Result]:
        """Score this package's settings; a setting that raises is a failed one."""
        return [self.score_setting(method, n_draws) for method in self.methods]

    def score_proba(self, method: str, proba: np.ndarray) -> Result:
        """Score probabilities of the scored rows."""
        self.accuracies[method] = correctness(proba, self.data.scored.y)
        return self._result(method, [(proba, np.ones(len(proba), dtype=bool))])

    def score_setting(self, method: str, n_draws: int) -> Result:
        """Score one setting; where it raises, the result says how."""
        try:
            if method == GOLD:
                draws = [self._label_with_gold(seed) for seed in range(n_draws)]
                return self._result(method, draws)
            settings = {"class_balance": self.data.class_prior} if method == PRIOR else {}
            return self.score_proba(method, self._label(method, self.data.fit_rows.L, **settings))
        # One method that fails must not cost the hour of the others; the table names it and the error.
        except Exception as error:
            return Result(self.data, method, note=f"{type(error).__name__}: {error}")

    def _label(
        self, method: str, L: np.ndarray, y: np.ndarray | None = None, **settings: Any
    ) -> np.ndarray:
        kind, fixed = self.methods[method]
        model = fit(kind(classes=range(self.data.n_classes), **fixed, **settings), L, y)
        return model.predict_proba(self.data.scored.L)

    def _label_with_gold(self, seed: int) -> tuple[np.ndarray, np.ndarray]:
        draw = self.data.draw_gold(seed)
        return self._label(GOLD, draw.fit.L, draw.fit.y), draw.kept

    def _result(self, method: str, labelled: list[tuple[np.ndarray, np.ndarray]]) -> Result:
        """Mean over draws of (probabilities, rows that count)."""
        rows = self.data.scored
        found = [
            measure(proba[kept], rows.L[kept], rows.y[kept])  # rows used as gold do not count
            for proba, kept in labelled
        ]
        scores = mean_scores(found)
        gain, over_default = (
            scores.accuracy - self._mean_accuracy(reference, [kept for _, kept in labelled])
            for reference in (BASELINE, DEFAULT)
        )
        return Result(self.data, method, scores, gain, over_default)

    def _mean_accuracy(self, method: str, selections: Iterable[np.ndarray]) -> float:
        right = self.accuracies.get(method)
        if right is None:
            return np.nan
        return float(np.mean([right[kept].mean() for kept in selections]))


def fit(model: Any, L: np.ndarray, y: np.ndarray | None = None) -> Any:
    """Fit a model; sets that it warns of (one-sided LFs, say) are scored like the others."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return model.fit(L, y)


@dataclass(frozen=True)
class Ranking:
    """Settings of one set, ranked without labels.

    Attributes
    ----------
    name : str
        The set's.
    likelihood, accuracy : ndarray of shape (n_settings,)
        ``score(L)`` on held-out rows, and accuracy, of each setting of GRID.
    """

    name: str
    likelihood: np.ndarray
    accuracy: np.ndarray

    @property
    def correlation(self) -> float:
        """Spearman's, NaN where one of the two is the same for all settings."""
        if min(np.ptp(self.likelihood), np.ptp(self.accuracy)) < 1e-12:
            return np.nan
        return float(spearmanr(self.likelihood, self.accuracy).statistic)

    @property
    def chosen(self) -> float:
        """Accuracy of the setting that the likelihood chooses."""
        return float(self.accuracy[self.likelihood.argmax()])


def rank_settings(data: RealSet, seed: int = 0) -> Ranking:
    """Fit the settings of GRID on half of the rows, and score(L) them on the other half.

    Accuracy is that on the scored rows; where these are the fitted ones, on those of the other half.
    """
    rows = data.fit_rows
    order = np.random.default_rng(seed).permutation(len(rows.y))
    fitted, held_out = np.array_split(order, 2)
    scored = with_gold(rows[held_out]) if data.same_rows else data.scored
    likelihood, accuracy = [], []
    for settings in GRID:
        model = LabelModelClassifier(classes=range(data.n_classes), **settings)
        fit(model, rows.L[fitted])
        likelihood.append(model.score(rows.L[held_out]))
        accuracy.append(correctness(model.predict_proba(scored.L), scored.y).mean())
    return Ranking(data.name, np.array(likelihood), np.array(accuracy))


def with_gold(rows: Rows) -> Rows:
    """Return the rows that have a gold label."""
    return rows[rows.gold]
