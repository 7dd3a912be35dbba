"""scikit-learn's own checks, without expected failures."""

import pytest
import torch
from sklearn.utils import estimator_checks, get_tags
from sklearn.utils.estimator_checks import parametrize_with_checks

from sklearn_labelmodel import LabelModelClassifier

# The checks feed votes that are no classes, fractional votes, and single LFs.
pytestmark = [
    pytest.mark.filterwarnings("ignore:The votes:UserWarning"),
    pytest.mark.filterwarnings("ignore:LF .* is fractional:UserWarning"),
]

CONFIGURED = [
    LabelModelClassifier(),
    LabelModelClassifier(init="snorkel", optimizer_params={"momentum": 0.9}, random_state=0),
    LabelModelClassifier(optimizer="adam", n_epochs=30),
    LabelModelClassifier(optimizer="adamax", prec_init=0.8, mu_eps=1e-3),
    LabelModelClassifier(optimizer=torch.optim.RMSprop, n_epochs=10, lr=1e-3),
    LabelModelClassifier(l2=0.1, lr_scheduler="linear", lr_scheduler_params={"warmup_steps": 5}),
    LabelModelClassifier(lr_scheduler="step", tol=0.5, n_epochs=1000),
    LabelModelClassifier(abstain=None, n_epochs=0),
]


# A list: scikit-learn 1.6 hands pytest a generator, which pytest 9 warns of.
CHECKS = parametrize_with_checks(CONFIGURED)


@pytest.mark.parametrize(CHECKS.args[0], list(CHECKS.args[1]), ids=CHECKS.kwargs["ids"])
def test_scikit_learn_check(estimator, check):
    check(estimator)


@pytest.mark.parametrize(
    "check",
    [
        "check_param_validation",
        "check_dataframe_column_names_consistency",
        "check_inplace_ensure_writeable",
    ],
)
def test_scikit_learn_check_beyond_check_estimator(check):
    getattr(estimator_checks, check)("LabelModelClassifier", LabelModelClassifier())


def test_every_parameter_has_a_constraint():
    model = LabelModelClassifier()
    assert model._parameter_constraints.keys() == model.get_params().keys()


def test_tags():
    tags = get_tags(LabelModelClassifier())
    assert tags.input_tags.categorical
    assert tags.input_tags.allow_nan
    assert tags.input_tags.string
    assert tags.input_tags.sparse
    assert not tags.input_tags.positive_only
    assert not tags.target_tags.required
    assert not tags.classifier_tags.poor_score
    assert not tags.non_deterministic
    assert not tags.no_validation
