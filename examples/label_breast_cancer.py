"""Label tumours by a clinician's rules, and train a classifier on the result.

Rules over cell nuclei vote "malignant" (0) or "benign" (1), or abstain (-1). The label model learns from the votes
alone how far to trust each rule; the first table sets what it learned against the truth. The second gives accuracies
on held-out rows: gold labels score, they do not train. Rules that only ever vote for one class do not tell how frequent
it is, so what a clinic knows of its patients, the share of malignant tumours, is worth most here.
"""

import numpy as np
import pandas as pd
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sklearn_labelmodel import (
    LabelModelClassifier,
    MajorityVoteClassifier,
    WeakSupervisionClassifier,
)
from sklearn_labelmodel.datasets import breast_cancer_rules

# 212 of the 569 patients in this study had cancer.
CLASS_BALANCE = {0: 0.37, 1: 0.63}
LABEL_MODELS = {
    "majority vote": MajorityVoteClassifier(),
    "label model": LabelModelClassifier(),
    "label model, class balance given": LabelModelClassifier(class_balance=CLASS_BALANCE),
}


def tied_accuracy(model, L, y):
    """Accuracy; a row in which classes tie counts by its share of right classes."""
    proba = model.predict_proba(L)
    best = np.isclose(proba, proba.max(axis=1, keepdims=True))
    return float((best[np.arange(len(y)), y] / best.sum(axis=1)).mean())


def held_out_scores(data, train, test):
    """Accuracies on the test rows of what was learned on the training rows."""
    X, L, y = data.X, data.L, data.y
    logistic_regression = make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000))
    for name, label_model in LABEL_MODELS.items():
        model = WeakSupervisionClassifier(label_model=label_model, estimator=logistic_regression)
        model.fit(X.iloc[train], L=L.iloc[train])
        labels = tied_accuracy(model.label_model_, L.iloc[test], y[test])
        yield name, labels, model.score(X.iloc[test], y[test])
    logistic_regression.fit(X.iloc[train], y[train])
    yield "gold labels", np.nan, logistic_regression.score(X.iloc[test], y[test])


def main():
    """Print the two tables."""
    data = breast_cancer_rules()
    model = WeakSupervisionClassifier(
        label_model=LABEL_MODELS["label model"],
        estimator=make_pipeline(StandardScaler(), LogisticRegression()),
    ).fit(data.X, L=data.L)
    print(f"The rules, on {len(data.L)} rows")
    columns = ["coverage", "conflicts", "learned_accuracy", "empirical_accuracy"]
    print(model.lf_summary(y=data.y)[columns].to_string(float_format="{:.2f}".format))

    folds = StratifiedKFold(5, shuffle=True, random_state=0).split(data.X, data.y)
    rows = [row for train, test in folds for row in held_out_scores(data, train, test)]
    table = pd.DataFrame(rows, columns=["", "by votes", "end model"])
    print("\nAccuracy on held-out rows, mean of 5 folds: of labels by votes, and of a logistic")
    print("regression (end model) trained on such labels, which does not see votes")
    means = table.groupby("", sort=False).mean().rename_axis(None)
    print(means.to_string(float_format="{:.3f}".format, na_rep=""))
    print("\nRules that vote for one class only do not tell how frequent it is. What is known of")
    print("that, here the share of malignant tumours, is worth most: pass it as class_balance.")


if __name__ == "__main__":
    main()
