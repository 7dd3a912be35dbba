"""A fitted label model is one object: swapped at once, and shared between threads and forked processes."""

import ast
import os
import sys
import threading
from pathlib import Path

import numpy as np
import pytest
from helpers import make_votes
from numpy.testing import assert_array_equal

import sklearn_labelmodel
import sklearn_labelmodel._learning.observed as observed_module
import sklearn_labelmodel._models.scoring as scoring_module
from sklearn_labelmodel import DawidSkeneClassifier, LabelModelClassifier, MajorityVoteClassifier

MODELS = [LabelModelClassifier(n_epochs=5), DawidSkeneClassifier(), MajorityVoteClassifier()]


@pytest.mark.parametrize("model", MODELS, ids=lambda model: type(model).__name__)
def test_all_that_a_fit_learned_is_read_from_one_object(model):
    one, other = make_votes(seed=0)[0], make_votes(seed=1, accuracy=0.6)[0]
    learned = model.fit(one).vote_model_
    proba = model.predict_proba(one)
    model.fit(other)
    assert model.vote_model_ is not learned
    model.vote_model_ = learned
    assert_array_equal(model.predict_proba(one), proba)
    assert model.classes_ is learned.classes
    assert model.mu_ is learned.mu


@pytest.mark.slow
def test_a_model_that_is_fitted_anew_in_another_thread_predicts_by_one_fit_or_the_other():
    matrices = [make_votes(seed=0)[0], make_votes(seed=1, accuracy=0.6, coverage=0.9)[0]]
    model = LabelModelClassifier(n_epochs=1)
    expected = [model.fit(L).predict_proba(matrices[0]) for L in matrices]
    stop = threading.Event()

    def refit():
        while not stop.is_set():
            for L in matrices:
                model.fit(L)

    switch = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    thread = threading.Thread(target=refit)
    thread.start()
    try:
        seen = [model.predict_proba(matrices[0]) for _ in range(1500)]
    finally:
        stop.set()
        thread.join()
        sys.setswitchinterval(switch)
    assert all(any(np.array_equal(proba, one) for one in expected) for proba in seen)


def test_a_failed_fit_leaves_the_fitted_model():
    L, _ = make_votes()
    model = LabelModelClassifier(n_epochs=5).fit(L)
    state = dict(vars(model))
    with pytest.raises(ValueError, match="no vote"):
        model.fit(np.full((10, 5), -1))
    assert vars(model) == state


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork on this system")
@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
def test_a_process_forked_while_another_thread_fits_can_fit():
    L, _ = make_votes()
    stop = threading.Event()

    def fit_on():
        while not stop.is_set():
            MajorityVoteClassifier().fit(L)

    thread = threading.Thread(target=fit_on)
    thread.start()
    try:
        for _ in range(10):
            child = os.fork()
            if not child:
                MajorityVoteClassifier().fit(L)
                os._exit(0)
            assert os.waitpid(child, 0)[1] == 0
    finally:
        stop.set()
        thread.join()


def test_nothing_is_cached_under_a_lock_of_its_class():
    package = Path(sklearn_labelmodel.__file__).parent
    rooms = ("_votes", "_evidence", "_learning", "_models")
    paths = [path for room in rooms for path in (package / room).rglob("*.py")]
    trees = [ast.parse(path.read_text(encoding="utf-8")) for path in paths]
    names = {node.name for tree in trees for node in ast.walk(tree) if isinstance(node, ast.alias)}
    assert "cached_property" not in names


# Sizes --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "model", [LabelModelClassifier, DawidSkeneClassifier, MajorityVoteClassifier]
)
def test_tables_too_large_for_memory_are_refused_before_the_work(monkeypatch, model):
    L, _ = make_votes(30, 4)  # 8 symbols of 2 classes
    monkeypatch.setattr(observed_module, "MOST_TABLE_CELLS", 16)
    model().fit(L)
    monkeypatch.setattr(observed_module, "MOST_TABLE_CELLS", 15)
    with pytest.raises(MemoryError, match="8 different votes, and there are 2 classes"):
        model().fit(L)


def test_predictions_are_the_same_a_few_rows_at_a_time(monkeypatch):
    L, y = make_votes(50, 4, 3)
    model = LabelModelClassifier().fit(L)
    whole, score = model.predict(L), model.score(L, y)
    monkeypatch.setattr(scoring_module, "MOST_CELLS", 21)
    assert_array_equal(model.predict(L), whole)
    assert model.score(L, y) == score
