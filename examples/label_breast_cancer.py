"""Label tumours by a clinician's rules, and train a classifier on the result.

Ten threshold rules over cell nuclei vote "malignant" or "benign", or abstain. The label model learns from the
votes alone how far to trust each rule; the first table sets what it learned against the truth. The second gives
accuracies on held-out rows: gold labels score, they do not train. Several rules measure the size of the same nuclei,
which a model of independent voters takes for several witnesses: majority vote labels these rows better. The soft
labels, the share of malignant tumours given, still train the better classifier.
"""

import numpy as np
import pandas as pd
from sklearn.datasets import load_breast_cancer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sklearn_labelmodel import LabelModelClassifier

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
# What a clinic knows of its patients: 212 of the 569 in this study had cancer.
CLASS_BALANCE = {"benign": 0.63, "malignant": 0.37}


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


def logistic_regression():
    """The end model."""
    return make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000))


def train_on_soft_labels(X, proba, classes):
    """Train a logistic regression on every row once per class, weighted by the class's probability."""
    return logistic_regression().fit(
        pd.concat([X] * len(classes)),
        np.repeat(classes, len(X)),
        logisticregression__sample_weight=proba.T.ravel(),
    )


def rule_table(model, L, y):
    """Coverage, learned and true accuracy of every rule."""
    true = [(L[name].dropna() == y[L[name].notna()]).mean() for name in L]
    columns = {"coverage": model.coverage_, "learned": model.lf_accuracies_, "true": true}
    return pd.DataFrame(columns, index=L.columns)


def held_out_scores(X, y, train, test):
    """Accuracies on the test rows of what was learned on the training rows."""
    X_train, X_test, y_train, y_test = X.iloc[train], X.iloc[test], y[train], y[test]
    L_train, L_test = vote(X_train, X_train), vote(X_test, X_train)
    voted = L_test.notna().any(axis=1).to_numpy()
    models = {
        "label model": LabelModelClassifier().fit(L_train),
        "label model, class balance given": LabelModelClassifier(class_balance=CLASS_BALANCE).fit(
            L_train
        ),
    }
    classes = models["label model"].classes_

    def row(name, all_rows, covered_rows, proba):
        end_model = train_on_soft_labels(X_train, proba, classes).score(X_test, y_test)
        return {"": name, "all": all_rows, "covered": covered_rows, "end model": end_model}

    majority = [majority_accuracy(L_test[k], y_test[k], classes) for k in (slice(None), voted)]
    yield row("majority vote", *majority, majority_vote(L_train, classes))
    for name, model in models.items():
        scores = [model.score(L_test[k], y_test[k]) for k in (slice(None), voted)]
        yield row(name, *scores, model.predict_proba(L_train))
    yield row("gold labels", np.nan, np.nan, y_train[:, None] == classes)


def main():
    """Print the two tables."""
    X, y = load_tumours()
    L = vote(X, X)
    print(f"The rules, on {len(L)} rows")
    print(rule_table(LabelModelClassifier().fit(L), L, y).to_string(float_format="{:.2f}".format))

    folds = StratifiedKFold(5, shuffle=True, random_state=0).split(X, y)
    rows = [row for train, test in folds for row in held_out_scores(X, y, train, test)]
    table = pd.DataFrame(rows).groupby("", sort=False).mean().rename_axis(None)
    print(
        "\nAccuracy on held-out rows, mean of 5 folds: all rows, covered rows (those with a vote),"
    )
    print("and a logistic regression (end model) trained on these labels, all rows")
    print(table.to_string(float_format="{:.3f}".format, na_rep=""))


if __name__ == "__main__":
    main()
