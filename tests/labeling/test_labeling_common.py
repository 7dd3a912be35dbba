"""scikit-learn's own checks, of a transformer over 2-d arrays whose every row gets a number."""

import pytest
from sklearn.utils.estimator_checks import parametrize_with_checks

from sklearn_labelmodel.labeling import LabelingFunctions, labeling_function


@labeling_function()
def first_is_large(row):
    return int(row[0] > 0.5)


@labeling_function(vectorized=True)
def always(records):
    return [1] * (records.shape[0] if hasattr(records, "shape") else len(records))


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.SkipTestWarning")
@parametrize_with_checks([LabelingFunctions([first_is_large, always])])
def test_scikit_learn_check(estimator, check):
    check(estimator)
