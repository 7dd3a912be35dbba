"""Label models inside scikit-learn's meta-estimators: what works, what warns and what is refused."""

import re
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from helpers import make_votes
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.calibration import CalibratedClassifierCV
from sklearn.ensemble import BaggingClassifier, StackingClassifier, VotingClassifier
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import (
    GridSearchCV,
    KFold,
    TunedThresholdClassifierCV,
    cross_val_predict,
    cross_val_score,
)
from sklearn.multiclass import OneVsRestClassifier
from sklearn.pipeline import make_pipeline

from sklearn_labelmodel import DawidSkeneClassifier, LabelModelClassifier, MajorityVoteClassifier
from sklearn_labelmodel._votes.encoding import _ascending, find_encoding, renamed
from sklearn_labelmodel._votes.gold import read_gold
from sklearn_labelmodel._votes.reader import read_votes

GUIDE = Path(__file__).resolve().parents[2] / "docs" / "guide" / "gold.rst"
MODELS = [LabelModelClassifier, DawidSkeneClassifier, MajorityVoteClassifier]
CODES = {"numbers": [1, 2, 3], "far numbers": [10, 20, 35], "words": ["b", "c", "d"]}


def two(model):
    return [("one", model), ("two", MajorityVoteClassifier())]


class Crossed:
    """cross_val_predict as a classifier."""

    def __init__(self, model, **parameters):
        self.model, self.parameters = model, parameters

    def fit(self, L, y):
        self.L, self.y = L, y
        return self

    def predict(self, L):
        found = cross_val_predict(self.model, self.L, self.y, cv=3, **self.parameters)
        return np.unique(self.y)[np.argmax(found, axis=1)] if found.ndim == 2 else found


WRAPPERS = {
    "VotingClassifier(voting='soft')": lambda model: VotingClassifier(two(model), voting="soft"),
    "VotingClassifier(voting='hard')": lambda model: VotingClassifier(two(model)),
    "StackingClassifier": lambda model: StackingClassifier(two(model), LogisticRegression()),
    "BaggingClassifier": lambda model: BaggingClassifier(model, n_estimators=3, random_state=0),
    "CalibratedClassifierCV": CalibratedClassifierCV,
    "CalibratedClassifierCV(ensemble=False)": lambda m: CalibratedClassifierCV(m, ensemble=False),
    "cross_val_predict(method='predict_proba')": lambda m: Crossed(m, method="predict_proba"),
    "cross_val_predict": Crossed,
    "OneVsRestClassifier": OneVsRestClassifier,
    "TunedThresholdClassifierCV": TunedThresholdClassifierCV,
    "GridSearchCV(cv=KFold())": lambda m: GridSearchCV(
        m, {"classes": [None]}, cv=KFold(3, shuffle=True, random_state=0)
    ),
    "Pipeline": make_pipeline,
    "FrozenEstimator": FrozenEstimator,
}


def outcome(wrap, y, L, truth):
    """What becomes of a fit: "works", "warns" or "raises"."""
    model = LabelModelClassifier()
    wrapper = wrap(model.fit(L, y) if wrap is FrozenEstimator else model)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            predicted = wrapper.fit(L, y).predict(L)
        except ValueError:
            return "raises"
    if caught:
        return "warns"
    assert np.mean(predicted == truth) > 0.75
    return "works"


def guide_table():
    """Rows of the guide's table: wrapper, and what it does with labels of all and of some rows."""
    text = GUIDE.read_text()
    rows = re.findall(r"^   \* - ``(.+?)``\n     - (\w+).*\n     - (\w+)", text, flags=re.M)
    return {name: (full, some) for name, full, some in rows}


@pytest.mark.slow
@pytest.mark.parametrize("name", WRAPPERS)
@pytest.mark.parametrize("seed", [0])
def test_the_guide_says_what_works_with_labels_of_all_and_of_some_rows(name, seed):
    L, y = make_votes(120, 5, accuracy=0.8, seed=seed)
    some = np.where(np.random.default_rng(seed).random(120) < 0.4, y, -1)
    found = tuple(outcome(WRAPPERS[name], labels, L, y) for labels in (y, some))
    assert guide_table()[name] == found


def test_the_guide_names_no_other_wrapper():
    assert guide_table().keys() == WRAPPERS.keys()


def test_the_way_out_of_calibration_works():
    L, y = make_votes(300, 5, accuracy=0.8)
    some = np.where(np.arange(300) < 100, y, -1)
    with pytest.warns(UserWarning, match="counts the mark of rows without a label as a class"):
        assert -1 in CalibratedClassifierCV(LabelModelClassifier()).fit(L, some).classes_
    frozen = FrozenEstimator(LabelModelClassifier().fit(L, some))
    calibrated = CalibratedClassifierCV(frozen).fit(L[some >= 0], y[some >= 0])
    assert calibrated.classes_.tolist() == [0, 1]
    assert calibrated.score(L, y) > 0.8


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:.*are none of y's classes", "ignore:The least populated class")
@pytest.mark.parametrize("n_rows", [60, 300])
@pytest.mark.parametrize("share", [0.2, 0.7])
@pytest.mark.parametrize("coded", [[0, 1], [1, 2], ["ham", "spam"]], ids=str)
@pytest.mark.parametrize("name", ["VotingClassifier(voting='soft')", "StackingClassifier"])
def test_a_mark_that_was_numbered_warns_however_few_the_labels(name, coded, share, n_rows):
    L, y = make_votes(n_rows, 5, accuracy=0.8)
    coded = np.array(coded)
    votes = pd.DataFrame(np.where(L < 0, None, coded.astype(object)[np.maximum(L, 0)]))
    mark = "-1" if coded.dtype.kind == "U" else -1
    some = np.where(np.random.default_rng(1).random(n_rows) < share, coded[y], mark)
    with pytest.warns(UserWarning, match="If rows without a label, which were -1"):
        WRAPPERS[name](LabelModelClassifier()).fit(votes, some)


# Numbered classes ---------------------------------------------------------------------------------


def coded_votes(kind, n_rows=150, seed=0):
    L, y = make_votes(n_rows, 5, 3, accuracy=0.75, seed=seed)
    codes = np.array(CODES[kind])
    votes = np.where(L < 0, None, codes.astype(object)[np.maximum(L, 0)])
    return pd.DataFrame(votes, columns=list("abcde")), codes[y]


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:.*are none of y's classes")
@pytest.mark.parametrize("kind", CODES)
@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize(
    "name", ["cross_val_predict(method='predict_proba')", "VotingClassifier(voting='soft')"]
)
def test_votes_are_the_classes_that_they_name_also_where_y_is_numbered(name, model, kind):
    L, y = coded_votes(kind)
    wrapped = WRAPPERS[name](model()).fit(L, y).predict(L)
    direct = cross_val_score(model(), L, y, cv=3).mean()
    assert np.mean(wrapped == y) > direct - 0.03


@pytest.mark.parametrize("kind", CODES)
@pytest.mark.parametrize("model", MODELS)
def test_a_numbered_y_gives_the_model_of_the_classes(model, kind):
    L, y = coded_votes(kind)
    numbers = np.unique(y, return_inverse=True)[1]
    with pytest.warns(UserWarning, match="are none of y's classes .* are read as"):
        numbered = model().fit(L, numbers)
    direct = model().fit(L, y)
    assert numbered.classes_.tolist() == [0, 1, 2]
    # To the last bits: the order in which rows are summed follows from their votes.
    assert_allclose(numbered.mu_, direct.mu_, rtol=1e-12)
    assert_allclose(numbered.predict_proba(L), direct.predict_proba(L), rtol=1e-12)
    assert numbered.score(L, numbers) == direct.score(L, y)


def test_rules_of_one_class_each_beside_a_numbered_y():
    L, y = make_votes(300, 6, 3, accuracy=0.9, seed=3)
    one_sided = np.where(np.arange(6) % 2 == L, L, -1)  # nobody votes for the third class
    votes = np.where(one_sided < 0, -1, one_sided + 1)
    with pytest.warns(UserWarning, match=r"votes \[1, 2\] are read as \[0, 1\]"):
        model = LabelModelClassifier().fit(votes, y)
    assert_array_equal(model.mu_, LabelModelClassifier().fit(one_sided, y).mu_)


def test_a_vote_that_comes_in_predict_is_no_evidence():
    L, y = coded_votes("numbers")
    with pytest.warns(UserWarning, match="are read as"):
        model = LabelModelClassifier().fit(L, y - 1)
    other, silent = L.astype(object), L.astype(object)
    other.iloc[0, 0], silent.iloc[0, 0] = 7, None
    assert_array_equal(model.predict_proba(other), model.predict_proba(silent))


@pytest.mark.parametrize("container", ["dense", "columns", "sparse"])
def test_votes_are_renamed_in_every_container(container):
    import scipy.sparse as sp

    cells = np.array([[5, 9], [0, 5], [9, 0]])
    L = {
        "dense": cells,
        "columns": pd.DataFrame(cells).astype(object),
        "sparse": sp.csr_array(cells),
    }
    votes = renamed(read_votes(L[container], abstain=0), {5: 0, 9: 1})
    assert votes.values.tolist() == [0, 1]
    assert votes.block(0, 3).T.tolist() == [[0, 1], [2, 0], [1, 2]]


def test_votes_that_mean_what_they_say_are_not_renamed():
    for seed in range(20):
        L, y = make_votes(80, 4, 3, accuracy=0.4, seed=seed)
        L = np.where(L == 2, -1, L)
        assert find_encoding(read_votes(L), read_gold(y, 80), None) in (None, {0: 0, 1: 1})
        assert find_encoding(read_votes(L), read_gold(y, 80), [0, 1, 2]) is None


def test_the_best_ascending_assignment_is_that_of_all():
    from itertools import combinations

    rng = np.random.default_rng(0)
    for n_rows in (1, 2, 3, 4):
        gain = rng.normal(size=(n_rows, 4))
        every = list(combinations(range(4), n_rows))
        best = max(every, key=lambda columns: gain[range(n_rows), columns].sum())
        assert tuple(_ascending(gain)) == best
