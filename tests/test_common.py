"""What holds for every estimator of the package: scikit-learn's own checks, its parameters, its tags."""

import pkgutil
import re
from importlib import import_module
from inspect import getmembers, isclass

import pytest
from sklearn.base import BaseEstimator, clone
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import Binarizer, StandardScaler
from sklearn.svm import LinearSVC
from sklearn.utils import estimator_checks, get_tags
from sklearn.utils.estimator_checks import parametrize_with_checks

import sklearn_labelmodel
from sklearn_labelmodel import (
    DawidSkeneClassifier,
    LabelModelClassifier,
    MajorityVoteClassifier,
    MultilabelClassifier,
    TunedAbstainClassifier,
    WeakSupervisionClassifier,
)
from sklearn_labelmodel.labeling import LabelingFunctions, labeling_function

pytestmark = [
    pytest.mark.sklearn,
    # The checks feed votes that are no classes, fractional votes, single LFs, and few gold labels.
    pytest.mark.filterwarnings("ignore:The votes:UserWarning"),
    pytest.mark.filterwarnings("ignore:LF .* is fractional:UserWarning"),
    pytest.mark.filterwarnings("ignore:All votes name one class:UserWarning"),
    pytest.mark.filterwarnings("ignore:L has .* rows and .* LFs:UserWarning"),
    pytest.mark.filterwarnings("ignore:No threshold reaches:UserWarning"),
    pytest.mark.filterwarnings("ignore:.* gold rows? cannot assure:UserWarning"),
]


@labeling_function()
def first_is_large(row):
    return int(row[0] > 0.5)


@labeling_function(vectorized=True)
def always(records):
    return [1] * (records.shape[0] if hasattr(records, "shape") else len(records))


# Votes 1 where a feature is above its mean, else 0.
ABOVE_MEAN = make_pipeline(StandardScaler(), Binarizer())
ESTIMATORS = [
    LabelModelClassifier(),
    LabelModelClassifier(init="snorkel", optimizer_params={"momentum": 0.9}, random_state=0),
    LabelModelClassifier(optimizer="adam", n_epochs=30),
    DawidSkeneClassifier(),
    DawidSkeneClassifier(one_coin=True, prior_strength=0, informative_abstain=False, max_iter=50),
    MajorityVoteClassifier(),
    WeakSupervisionClassifier(labeler=ABOVE_MEAN),
    WeakSupervisionClassifier(
        labeler=ABOVE_MEAN, estimator=make_pipeline(StandardScaler(), LinearSVC()), labels="hard"
    ),
    # Predictions are the most probable class in the checks, so nearly all rows must be answered; and {-1, 1} are
    # classes there, so that -1 cannot be an abstain among the votes.
    TunedAbstainClassifier(LogisticRegression(), precision=0.6, confidence=None),
    TunedAbstainClassifier(MajorityVoteClassifier(abstain=None), precision=0.6, confidence=0.1),
    LabelingFunctions([first_is_large, always]),
]
ONE_OF_EACH = {type(estimator): estimator for estimator in reversed(ESTIMATORS)}
one_of_each = pytest.mark.parametrize(
    "estimator", ONE_OF_EACH.values(), ids=lambda estimator: type(estimator).__name__
)


def public_estimators():
    """Every estimator with a public path, found as scikit-learn's all_estimators finds its own."""
    walked = pkgutil.walk_packages(sklearn_labelmodel.__path__, "sklearn_labelmodel.")
    names = ["sklearn_labelmodel", *(module.name for module in walked if "._" not in module.name)]
    classes = {found for name in names for _, found in getmembers(import_module(name), isclass)}
    return {
        found for found in classes if issubclass(found, BaseEstimator) and hasattr(found, "fit")
    }


def test_every_public_estimator_is_checked():
    # Its X is no matrix of rows: tests/models/test_multilabel.py lists the checks that it passes.
    assert ONE_OF_EACH.keys() == public_estimators() - {MultilabelClassifier}


# scikit-learn's checks ----------------------------------------------------------------------------

EXPECTED_FAILURES = {
    WeakSupervisionClassifier: {
        "check_supervised_y_no_nan": "a y of missing values means that no row is labelled, which is fine"
    }
}
CHECKS = parametrize_with_checks(
    ESTIMATORS, expected_failed_checks=lambda estimator: EXPECTED_FAILURES.get(type(estimator), {})
)


def without_addresses(value):
    """scikit-learn's name of a case, the same in every process."""
    return re.sub(r"at0x\w+", "", CHECKS.kwargs["ids"](value))


def case_of(given):
    """A case as scikit-learn gives it; one of a further setting of an estimator is slow."""
    values, marks = getattr(given, "values", given), getattr(given, "marks", ())
    further = repr(values[0]) not in map(repr, ONE_OF_EACH.values())
    return pytest.param(*values, marks=[*marks, *([pytest.mark.slow] if further else [])])


# A list: scikit-learn 1.6 hands pytest a generator, which pytest 9 warns of.
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.SkipTestWarning")
@pytest.mark.parametrize(CHECKS.args[0], list(map(case_of, CHECKS.args[1])), ids=without_addresses)
def test_scikit_learn_check(estimator, check):
    check(estimator)


BEYOND_CHECK_ESTIMATOR = [
    "check_param_validation",
    "check_dataframe_column_names_consistency",
    "check_inplace_ensure_writeable",
]
OF_TRANSFORMERS = [
    "check_transformer_get_feature_names_out",
    "check_transformer_get_feature_names_out_pandas",
    "check_set_output_transform_pandas",
    "check_set_output_transform_polars",
]


@pytest.mark.parametrize("check", BEYOND_CHECK_ESTIMATOR)
@one_of_each
def test_scikit_learn_check_beyond_check_estimator(estimator, check):
    getattr(estimator_checks, check)(type(estimator).__name__, clone(estimator))


@pytest.mark.parametrize("check", OF_TRANSFORMERS)
def test_scikit_learn_check_of_the_transformer(check):
    labeler = ONE_OF_EACH[LabelingFunctions]
    getattr(estimator_checks, check)("LabelingFunctions", clone(labeler))


# Parameters and tags ------------------------------------------------------------------------------


@one_of_each
def test_every_parameter_has_a_constraint(estimator):
    assert estimator._parameter_constraints.keys() == estimator.get_params(deep=False).keys()


@pytest.mark.parametrize(
    "model", [LabelModelClassifier(), DawidSkeneClassifier(), MajorityVoteClassifier()], ids=repr
)
def test_tags_of_label_models(model):
    tags = get_tags(model)
    assert tags.input_tags.categorical
    assert tags.input_tags.allow_nan
    assert tags.input_tags.string
    assert tags.input_tags.sparse
    assert not tags.input_tags.positive_only
    assert not tags.target_tags.required
    assert not tags.classifier_tags.poor_score
    assert not tags.non_deterministic
    assert not tags.no_validation
