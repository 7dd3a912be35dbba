"""
Labels that are right 95% of the time
=====================================

Some labels are needed that can be relied on, and not all rows have to get one: those that the rules
are unsure of can go to an expert. How sure is sure enough? A few gold labels tell.
"""

# %%
# Choose the threshold
# --------------------
#
# Twelve rules of thumb vote on 569 tumours (scikit-learn's breast cancer data). A pathologist has
# diagnosed 200 of them, drawn at random; all others are marked with -1 in y.
# :class:`~sklearn_labelmodel.TunedAbstainClassifier` fits a label model and chooses the lowest
# confidence at which its labels are right 95% of the time. Below it, it predicts -1. No diagnosis
# judges a model that was fitted with it: that is what the folds are for.

import warnings

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

from sklearn_labelmodel import LabelModelClassifier, TunedAbstainClassifier
from sklearn_labelmodel.datasets import breast_cancer_rules

data = breast_cancer_rules()
N_GOLD, WANTED = 200, 0.95


def diagnose(seed):
    """Gold labels of some rows, drawn at random, and the rows that have none."""
    order = np.random.default_rng(seed).permutation(len(data.y))
    gold = np.full(len(data.y), -1)
    gold[order[:N_GOLD]] = data.y[order[:N_GOLD]]
    return gold, order[N_GOLD:]


gold, rest = diagnose(seed=0)
label_model = LabelModelClassifier(classes=[0, 1])
model = TunedAbstainClassifier(label_model, precision=WANTED).fit(data.L, gold)
print(f"threshold {model.threshold_:.3f}")
print(f"of {model.n_gold_} gold rows {model.gold_coverage_:.0%} are at or above it,")
print(f"and {model.gold_precision_:.1%} of their labels are right")

# %%
# What it leaves
# --------------
#
# We know the other diagnoses, so we can look whether the promise was kept. Without abstaining fewer
# labels are right; the rows of which the model is unsure are where its mistakes are.


def kept(model, rows):
    """Share of rows that get a label, and share of these labels that are right."""
    labels = model.predict(data.L.iloc[rows])
    answered = labels != -1
    right = labels[answered] == data.y[rows][answered]
    return {"labelled": answered.mean(), "right": right.mean() if answered.any() else np.nan}


table = pd.DataFrame(
    {
        f"wanted {precision:.0%}": kept(
            TunedAbstainClassifier(label_model, precision=precision).fit(data.L, gold), rest
        )
        for precision in [0.9, 0.95]
    }
).T
table.loc["no abstaining"] = kept(model.estimator_, rest)
print(table.round(3).to_string())

# %%
# The choice in a picture
# -----------------------
#
# ``curve_`` holds, for every threshold, how many gold rows are at or above it and how many of these
# are labelled right. That share alone is too good a guess: a threshold can look better than it is by
# luck, and the more thresholds are tried, the more likely one of them does. So what has to reach the
# wanted precision is a lower bound that allows for that, the lower edge of the shaded region.

curve = model.curve_
shown = curve.threshold > 0
fig, (top, bottom) = plt.subplots(
    2, sharex=True, figsize=(7, 6), layout="constrained", height_ratios=[3, 2]
)
sure = 1 - curve.threshold[shown]
top.step(sure, curve.precision[shown], where="post", color="tab:blue", label="precision")
top.fill_between(
    sure,
    curve.bound[shown],
    curve.precision[shown],
    step="post",
    color="tab:blue",
    alpha=0.15,
    label="down to its lower bound",
)
top.axhline(WANTED, color="tab:red", linestyle="--", label="wanted")
top.set_ylim(0.75, 1.01)
top.set_ylabel("precision on gold rows")
bottom.step(sure, curve.coverage[shown], where="post", color="tab:green")
bottom.set_ylim(0, 1.02)
bottom.set_ylabel("share of rows labelled")
bottom.set_xlabel("1 - threshold: strict on the left, lax on the right")
bottom.set_xscale("log")
ticks = [0.02, 0.05, 0.1, 0.2, 0.4]
bottom.set_xticks(ticks, [str(tick) for tick in ticks])
bottom.minorticks_off()
for ax in (top, bottom):
    ax.axvline(1 - model.threshold_, color="black", linewidth=1, label="chosen")
    ax.grid(alpha=0.3)
top.legend(loc="lower center")

# %%
# How sure is the promise?
# ------------------------
#
# With ``confidence=0.9`` it is kept for nine of ten draws of the gold rows, at least. With
# ``confidence=None`` the threshold is the lowest at which the gold rows themselves reach the
# precision: more rows are labelled, and the precision is often missed. Each dot is one draw of 200
# gold rows, judged on the 369 others (where chance has its share too). Where no threshold will do,
# `fit` warns and nothing is labelled.

warnings.filterwarnings("ignore", message=".*every row abstains")
draws = pd.DataFrame(
    [
        {"confidence": str(confidence)}
        | kept(
            TunedAbstainClassifier(label_model, precision=WANTED, confidence=confidence).fit(
                data.L, gold
            ),
            rest,
        )
        for gold, rest in map(diagnose, range(1, 31))
        for confidence in [0.9, None]
    ]
)
fig, ax = plt.subplots(figsize=(7, 4), layout="constrained")
for (confidence, group), color in zip(
    draws.groupby("confidence"), ["tab:blue", "tab:orange"], strict=True
):
    ax.scatter(
        group["labelled"], group["right"], color=color, alpha=0.7, label=f"confidence={confidence}"
    )
ax.axhline(WANTED, color="tab:red", linestyle="--", label="wanted")
ax.set_xlabel("share of other rows labelled")
ax.set_ylabel("share of labels that are right")
ax.grid(alpha=0.3)
ax.legend(loc="lower left")
plt.show()
