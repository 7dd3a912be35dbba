"""
How many gold labels are worth it?
==================================

A clinic has rules of thumb for 400 tumours and no diagnoses. A pathologist could make some, at a
price. What do 10, 40 or 160 of them buy? And from when on would they do alone, without any rules?
"""

# %%
# Three ways to use the labels
# ----------------------------
#
# Twelve rules vote on measurements of cell nuclei (scikit-learn's breast cancer data). With ever
# more gold labels we compare, on held-out tumours,
#
# * the label model: votes only. Labelled rows correct what was learned of each rule;
# * the same, and then a logistic regression on the measurements, trained on its labels;
# * that logistic regression trained on the gold labels alone, without rules.
#
# Rows without a label are marked with -1 in y. The first few labels may all be of one class, so we
# name the classes. Each number is the mean of several draws.

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sklearn_labelmodel import LabelModelClassifier, WeakSupervisionClassifier
from sklearn_labelmodel.datasets import breast_cancer_rules, make_label_matrix

data = breast_cancer_rules()
for rule in ["large_nuclei", "fine_texture"]:
    print(f"{rule}: {data.rules[rule]}")

N_GOLD = [0, 5, 10, 20, 40, 80, 160, 320]
N_DRAWS = 6


def classifier():
    """Return the end model."""
    return make_pipeline(StandardScaler(), LogisticRegression())


def accuracies(n_gold, seed):
    """Held-out accuracy of the three ways, in one draw."""
    train, test = train_test_split(np.arange(len(data.y)), test_size=0.3, random_state=seed)
    X, L, y = data.X.iloc[train], data.L.iloc[train], data.y[train]
    gold = np.full(len(train), -1)
    gold[:n_gold] = y[:n_gold]
    label_model = LabelModelClassifier(classes=[0, 1])
    weak = WeakSupervisionClassifier(label_model=label_model, estimator=classifier())
    weak.fit(X, gold, L=L)
    row = {
        "gold labels": n_gold,
        "label model": weak.label_model_.score(data.L.iloc[test], data.y[test]),
        "classifier, rules and gold": weak.score(data.X.iloc[test], data.y[test]),
    }
    if len(set(y[:n_gold])) == 2:
        alone = classifier().fit(X[:n_gold], y[:n_gold])
        row["classifier, gold alone"] = alone.score(data.X.iloc[test], data.y[test])
    return row


draws = pd.DataFrame([accuracies(n_gold, seed) for n_gold in N_GOLD for seed in range(N_DRAWS)])
table = draws.groupby("gold labels").mean()
print(table.round(3).to_string())

# %%
# What to read from it
# --------------------
#
# Rules without labels are worth some thirty labels. From there on labels add to what the rules say,
# until there are enough to do alone. On this data set,
# where a linear classifier is nearly perfect, that point comes early; the harder the classifier's
# task, the later.

fig, ax = plt.subplots(figsize=(7, 4.5), layout="constrained")
positions = np.arange(len(N_GOLD))
spread = draws.groupby("gold labels").std() / np.sqrt(N_DRAWS)
for column, color in zip(table, ["tab:blue", "tab:orange", "grey"], strict=True):
    low, high = table[column] - spread[column], table[column] + spread[column]
    ax.plot(positions, table[column], "o-", color=color, label=column)
    ax.fill_between(positions, low, high, color=color, alpha=0.15, linewidth=0)
ax.set_xticks(positions, N_GOLD)
ax.set_xlabel("gold labels among 398 training rows")
ax.set_ylabel("accuracy on held-out rows (band: standard error)")
ax.grid(alpha=0.3)
ax.legend(loc="lower right")

# %%
# What the labels are used for
# ----------------------------
#
# With ``gold="anchor"``, the default, the labels correct what the votes told of each voter. That counts as much
# as 30 labelled rows of each class, so few labels change little, and many decide. ``gold="prior"`` only counts how
# frequent the classes are among the labels, and takes these shares at their word. Of five rows, four may well be of one
# class, and that does harm. "anchor" knows how far chance can lead five rows astray. Here are both on votes in which
# four of ten voters know nothing.

votes = make_label_matrix(
    1000,
    10,
    accuracy=[0.95, 0.9, 0.85, 0.8, 0.8, 0.75, 0.55, 0.5, 0.45, 0.4],
    coverage=0.4,
    random_state=0,
)


def rest_accuracy(model, n_gold, seed):
    """Accuracy on the rows without label."""
    order = np.random.default_rng(seed).permutation(len(votes.y))
    gold, rest = np.full(len(order), -1), order[n_gold:]
    gold[order[:n_gold]] = votes.y[order[:n_gold]]
    return model.fit(votes.L, gold).score(votes.L[rest], votes.y[rest])


models = {
    "anchor": LabelModelClassifier(classes=[0, 1]),
    "anchor, class_balance given": LabelModelClassifier(classes=[0, 1], class_balance=[0.5, 0.5]),
    "prior": LabelModelClassifier(classes=[0, 1], gold="prior"),
}
fig, ax = plt.subplots(figsize=(7, 4), layout="constrained")
for (name, model), style in zip(models.items(), ["o-", "D--", "s-"], strict=True):
    scores = [[rest_accuracy(model, n, seed) for seed in range(6)] for n in N_GOLD]
    ax.plot(positions, np.mean(scores, axis=1), style, mfc="none", label=name)
ax.set_xticks(positions, N_GOLD)
ax.set_xlabel("gold labels among 1000 rows")
ax.set_ylabel("accuracy on the other rows")
ax.grid(alpha=0.3)
ax.legend(title="gold", loc="lower right")
plt.show()
