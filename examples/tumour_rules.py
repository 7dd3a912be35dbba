"""Ten threshold rules over tumours, which other examples learn from.

Rules over cell nuclei vote "malignant" or "benign", or abstain. Run by itself, it prints how often each votes, and how
often it is right.
"""

import numpy as np
import pandas as pd
from sklearn.datasets import load_breast_cancer

from sklearn_labelmodel import lf_summary

# Name: measure, "benign" at or below this quantile, "malignant" above that one; None where the rule never says so.
# The directions are textbook cytology (malignant nuclei are larger, more irregular in outline, more unlike one
# another, coarser in chromatin); the thresholds are round quantiles of the training rows, set without labels.
RULES = {
    "large_nuclei": ("worst area", 0.50, 0.75),
    "small_nuclei": ("mean radius", 0.50, None),
    "deep_dents": ("mean concavity", None, 0.75),
    "many_dents": ("worst concave points", 0.50, 0.75),
    "few_dents": ("mean concave points", 0.25, None),
    "unequal_sizes": ("area error", 0.50, 0.75),
    "not_compact": ("worst compactness", 0.25, 0.75),
    "coarse_chromatin": ("mean texture", 0.25, 0.75),
    "asymmetric": ("worst symmetry", None, 0.90),
    "rough_outline": ("mean fractal dimension", 0.25, 0.75),
}


def load_tumours():
    """Measures of 569 tumours as a DataFrame, and their diagnoses as strings."""
    data = load_breast_cancer(as_frame=True)
    return data.data, data.target_names[data.target].astype(object)


def vote(measures, reference):
    """Votes of all rules, thresholds taken from the reference rows; None where a rule abstains."""
    votes = pd.DataFrame(None, index=measures.index, columns=list(RULES), dtype=object)
    for name, (column, low, high) in RULES.items():
        if low is not None:
            votes.loc[measures[column] <= reference[column].quantile(low), name] = "benign"
        if high is not None:
            votes.loc[measures[column] > reference[column].quantile(high), name] = "malignant"
    return votes


def majority_vote(L, classes):
    """Shares of the classes with the most votes in each row: 1, or equal ones on a tie."""
    counts = np.stack([L.eq(label).sum(axis=1) for label in classes], axis=1)
    best = counts == counts.max(axis=1, keepdims=True)
    return best / best.sum(axis=1, keepdims=True)


def majority_accuracy(L, y, classes):
    """Accuracy of majority vote; a tie counts by its share of right classes."""
    return float(majority_vote(L, classes)[np.asarray(y)[:, None] == classes].mean())


def main():
    """Print the table."""
    X, y = load_tumours()
    columns = ["coverage", "conflicts", "empirical_accuracy"]
    print(lf_summary(vote(X, X), y)[columns].to_string(float_format="{:.2f}".format))


if __name__ == "__main__":
    main()
