"""What a few gold labels add to a clinician's rules.

Twenty times, 30% of the tumours are held out, and some of the others get their true diagnosis: none, five, ten, and
so on to all of them. The labels set the class prior and correct what was learned of each rule, the more the more
there are (gold="anchor", the default). The columns are the mean accuracy on the held-out rows, the mean gain over the
same draw without labels, and that mean's standard error: on average, more labels do not hurt.
"""

import numpy as np
import pandas as pd
from sklearn.model_selection import train_test_split
from tumour_rules import load_tumours, majority_accuracy, vote

from sklearn_labelmodel import LabelModelClassifier

GOLD_ROWS = [0, 5, 10, 25, 50, 100, 200, 398]
N_DRAWS = 20


def with_labels(y, rows):
    """Labels of these rows, None for the others."""
    gold = np.full(len(y), None, dtype=object)
    gold[rows] = y[rows]
    return gold


def held_out_scores(X, y, seed):
    """Held-out accuracies of one draw, with each number of gold labels; last, majority vote's."""
    X_train, X_test, y_train, y_test = train_test_split(X, y, test_size=0.3, random_state=seed)
    L_train, L_test = vote(X_train, X_train), vote(X_test, X_train)
    order = np.random.default_rng(seed).permutation(len(y_train))
    models = [
        LabelModelClassifier().fit(L_train, with_labels(y_train, order[:n_gold]))
        for n_gold in GOLD_ROWS
    ]
    majority = majority_accuracy(L_test, y_test, models[0].classes_)
    return [model.score(L_test, y_test) for model in models] + [majority]


def main():
    """Print the table."""
    X, y = load_tumours()
    draws = np.array([held_out_scores(X, y, seed) for seed in range(N_DRAWS)])
    gains = draws[:, :-1] - draws[:, :1]
    columns = {
        "accuracy": draws[:, :-1].mean(axis=0),
        "gain": gains.mean(axis=0),
        "standard error": gains.std(axis=0, ddof=1) / np.sqrt(N_DRAWS),
    }
    table = pd.DataFrame(columns, index=pd.Index(GOLD_ROWS, name="gold rows"))
    print(f"Label model on 171 held-out rows, mean of {N_DRAWS} draws")
    print(table.to_string(float_format="{:.3f}".format))
    print(f"majority vote: {draws[:, -1].mean():.3f}")


if __name__ == "__main__":
    main()
