"""The benchmark of end models on a small generated folder, without the peers."""

import csv
import sys
from pathlib import Path

import numpy as np
import pytest
from numpy.testing import assert_allclose

from sklearn_labelmodel.datasets import make_label_matrix

BENCHMARKS = Path(__file__).resolve().parents[2] / "benchmarks"
if not BENCHMARKS.is_dir():
    pytest.skip("the benchmarks are in the checkout only", allow_module_level=True)
sys.path.append(str(BENCHMARKS.parent))  # last: the installed package goes first

from benchmarks.end_model import run as end_model  # noqa: E402
from benchmarks.end_model.sets import read_end_sets  # noqa: E402
from benchmarks.end_model.snorkel import FixedLabels  # noqa: E402

METHODS = [
    *("gold", "majority vote", "as Snorkel", "soft", "soft + votes", "soft, this C"),
    *("balance", "balance + match"),
    *("50 gold", "50 gold + match", "balance + refine"),
    *("balance + refine, 3 rounds", "balance + refine, 8 rounds"),
    *("balance + match, C chosen", "balance + refine, C chosen"),
]


def as_bytes(texts):
    return np.frombuffer(chr(30).join(texts).encode(), dtype=np.uint8)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """One set: a word for each class, and others at random."""
    path, rng = tmp_path_factory.mktemp("sets"), np.random.default_rng(0)
    arrays = {}
    for split, n_samples in {"train": 240, "test": 80}.items():
        made = make_label_matrix(n_samples, 6, class_balance=[0.8, 0.2], random_state=n_samples)
        words = [f"word{y} noise{rng.integers(5)} noise{rng.integers(5)}" for y in made.y]
        arrays |= {f"L_{split}": made.L.astype(np.int8), f"y_{split}": made.y.astype(np.int16)}
        arrays[f"text_{split}"] = as_bytes(words)
    np.savez(path / "words.npz", **arrays)
    return path


@pytest.mark.slow
def test_every_method_is_scored_on_every_set(folder, tmp_path, capsys):
    end_model.main(["--data", str(folder), "--draws", "1", "--results", str(tmp_path)])
    with (tmp_path / "end_model.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    by_set = {
        name: [r["method"] for r in rows if r["set"] == name] for name in ("words", "breast_cancer")
    }
    assert [m for m in by_set["words"] if m != "Snorkel"] == METHODS
    assert by_set["words"] == by_set["breast_cancer"]
    assert (tmp_path / "end_model.png").stat().st_size
    gold = next(r for r in rows if (r["set"], r["method"]) == ("words", "gold"))
    assert float(gold["accuracy"]) == 100
    assert "sets over a point worse" in capsys.readouterr().out


def test_records_are_read_as_they_were_written(folder):
    (data,) = read_end_sets(folder, "tfidf", 1.0, ["words"])
    (split,) = data.splits
    with np.load(folder / "words.npz") as arrays:
        assert_allclose(split.L_train, arrays["L_train"])
        assert split.X_train.shape[0] == len(arrays["y_train"])
        assert split.X_test.shape[0] == len(arrays["y_test"])
    assert split.n_classes == 2


def test_labels_of_a_peer_train_as_they_are(folder):
    (data,) = read_end_sets(folder, "tfidf", 1.0, ["words"])
    split = data.splits[0]
    proba = np.eye(2)[split.y_train]
    voted = (split.L_train >= 0).any(axis=1)
    model = end_model.trained(split, FixedLabels(proba))
    expected = split.estimator.fit(split.X_train[voted], split.y_train[voted])
    assert_allclose(
        model.predict_proba(split.X_test), expected.predict_proba(split.X_test), atol=1e-6
    )


@pytest.mark.parametrize(
    ("gain", "worse", "reached"),
    [((5.1, 4.4), 0, True), ((4.9, 4.4), 0, False), ((5.1, 4.2), 0, False), ((5.1, 4.4), 1, False)],
)
def test_goals(gain, worse, reached):
    soft = end_model.Scores(50.0, 50.0, 1.0)
    methods = dict.fromkeys(METHODS, soft)
    lost = 1.1 * worse
    better = end_model.Scores(50 + 2 * gain[0] + lost, 50 + 2 * gain[1], 1.0)
    table = {
        "a": methods | {"balance + match": end_model.Scores(50 - lost, 50.0, 1.0)},
        "b": methods | {"balance + match": better},
        "breast_cancer": methods,
    }
    assert next(end_model.goals(table)).startswith("reached") == reached
