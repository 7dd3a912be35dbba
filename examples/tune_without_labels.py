"""Choose a label model's settings without labels, and with a small gold sample.

scikit-learn's grid search scores each setting on held-out votes. Without labels, score(L) is the mean
log-likelihood of the votes: the settings under which the rules' held-out votes are least surprising win. With gold
labels on 40 training rows (-1 in y marks the others), PredefinedSplit trains on the others and scores accuracy on
those 40. The table gives what each search chose in three random splits, and the mean accuracy on the test rows, which
no search saw. "default" is LabelModelClassifier() without search.
"""

import numpy as np
import pandas as pd
from sklearn.model_selection import GridSearchCV, PredefinedSplit, train_test_split
from tumour_rules import load_tumours, majority_accuracy, vote

from sklearn_labelmodel import LabelModelClassifier

UNLABELLED = -1
N_GOLD = 40
N_SPLITS = 3
CODES = {"benign": 0, "malignant": 1}
GRID = {"n_epochs": [10, 30, 100], "prec_init": [0.6, 0.7, 0.8, 0.9], "l2": [0.0, 0.1]}


def search_by_votes(L):
    """Grid search by the log-likelihood of held-out votes: no labels anywhere."""
    return GridSearchCV(LabelModelClassifier(), GRID, cv=5).fit(L)


def search_by_gold(L, y):
    """Grid search by accuracy on the labelled rows of y, trained on the others."""
    split = PredefinedSplit(np.where(y == UNLABELLED, -1, 0))
    return GridSearchCV(LabelModelClassifier(), GRID, cv=split).fit(L, y)


def compare(X, y, seed):
    """Chosen settings and test accuracy of every way to choose, in one random split."""
    X_train, X_test, y_train, y_test = train_test_split(X, y, test_size=0.3, random_state=seed)
    L_train, L_test = (vote(part, X_train).map(CODES.get) for part in (X_train, X_test))
    y_few = np.full(len(y_train), UNLABELLED)
    y_few[:N_GOLD] = y_train[:N_GOLD]
    models = {
        "default": LabelModelClassifier().fit(L_train),
        "best on held-out votes": search_by_votes(L_train).best_estimator_,
        f"default, {N_GOLD} gold rows": LabelModelClassifier().fit(L_train, y_few),
        f"best on {N_GOLD} gold rows": search_by_gold(L_train, y_few).best_estimator_,
    }
    for name, model in models.items():
        settings = {key: getattr(model, key) for key in GRID}
        yield {"": name, **settings, "accuracy": model.score(L_test, y_test)}
    majority = majority_accuracy(L_test, y_test, np.array([0, 1]))
    yield {"": "majority vote", **dict.fromkeys(GRID, "-"), "accuracy": majority}


def main():
    """Print the table."""
    X, diagnosis = load_tumours()
    y = pd.Series(diagnosis).map(CODES).to_numpy()
    results = pd.DataFrame([row for seed in range(N_SPLITS) for row in compare(X, y, seed)])
    as_list = dict.fromkeys(GRID, lambda chosen: ", ".join(map(str, chosen.unique())))
    table = results.groupby("", sort=False).agg({**as_list, "accuracy": "mean"}).rename_axis(None)
    print(table.to_string(float_format="{:.3f}".format))


if __name__ == "__main__":
    main()
