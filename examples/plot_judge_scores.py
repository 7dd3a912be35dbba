"""
Judges who rate: scores instead of votes
========================================

Twelve judges rate 2,000 answers of a chatbot from 0 to 9: how harmful is it? Each has habits of its own. Some never
give less than 3, some use three numbers only, one rates the other way round. Nobody has labelled an answer. Which are
harmful, and which judges can be trusted?
"""

# %%
# The ratings
# -----------
#
# We draw them, so that we can check the result. What looks harmful to one judge often looks harmful to the
# others too, even where it is not: judges share mistakes, as language models do.

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from sklearn.calibration import CalibrationDisplay
from sklearn.metrics import log_loss

from sklearn_labelmodel import LabelModelClassifier, MajorityVoteClassifier, score_summary

rng = np.random.default_rng(0)
harmful = rng.random(2000) < 0.4
shared = rng.normal(size=2000)
JUDGES = pd.DataFrame(
    {
        "strict": [1.3, 5.5, 2.0],
        "mild": [1.3, 2.0, 1.5],
        "medium_1": [1.1, 4.5, 2.0],
        "medium_2": [1.0, 4.5, 2.0],
        "never_low": [1.0, 6.5, 1.0],
        "all_or_none": [0.9, 4.5, 6.0],
        "narrow": [0.9, 5.0, 0.6],
        "small_1": [0.6, 4.0, 2.0],
        "small_2": [0.5, 5.0, 2.0],
        "small_3": [0.4, 3.0, 2.0],
        "guesser": [0.0, 4.5, 2.5],
        "reversed": [-1.1, 4.5, 2.0],
    },
    index=["skill", "middle", "spread"],
)
seen = (np.where(harmful, 1.0, -0.7) + 0.6 * shared)[:, None] * JUDGES.loc["skill"].to_numpy()
seen = seen + rng.normal(size=seen.shape)
ratings = np.round(JUDGES.loc["middle"].to_numpy() + JUDGES.loc["spread"].to_numpy() * seen)
ratings = pd.DataFrame(ratings.clip(0, 9), columns=JUDGES.columns)
ratings = ratings.mask(rng.random(ratings.shape) < 0.05)  # no answer
print(ratings.head().T.to_string())

# %%
# Votes or scores?
# ----------------
#
# It is tempting to call 5 and more "harmful", and to count. But what is a 5 of a judge who never goes below 3?
# ``scores="all"`` reads the ratings whole. Only their order counts, for each judge by itself, and what a rating
# means is learned. Scores do not name the classes, so we do; the judges speak for the second one.

CLASSES = ["fine", "harmful"]
truth = np.where(harmful, "harmful", "fine")
votes = ratings.gt(4.5).replace({True: "harmful", False: "fine"}).where(ratings.notna())
models = {
    "votes, majority": (MajorityVoteClassifier(classes=CLASSES), votes),
    "votes, label model": (LabelModelClassifier(classes=CLASSES), votes),
    "scores, mean rank": (MajorityVoteClassifier(classes=CLASSES, scores="all"), ratings),
    "scores, label model": (LabelModelClassifier(classes=CLASSES, scores="all"), ratings),
}
rows = {}
for name, (model, L) in models.items():
    model.fit(L)
    rows[name] = {
        "accuracy": model.score(L, truth),
        "log loss": log_loss(truth, model.predict_proba(L).clip(1e-6, 1 - 1e-6)),
    }
print(pd.DataFrame(rows).T.round(3).to_string())

# %%
# What a rating turned out to mean
# --------------------------------
#
# Each judge's ratings are cut into up to four bins. ``score_summary`` says how probable "harmful" is where nothing but
# this rating is known. A steep line is a judge who tells much, a flat one a judge who guesses. A falling line is a
# scale that is upside down; the model has turned it round by itself.

model = models["scores, label model"][0]
summary = score_summary(model)
fig, axes = plt.subplots(3, 4, figsize=(9, 6.5), layout="constrained", sharey=True)
for ax, judge in zip(axes.flat, ratings, strict=True):
    bins = summary.loc[judge]
    ax.plot(bins.index, bins["harmful"], "o-")
    ax.axhline(0.5, color="grey", linewidth=0.8)
    ax.set(title=judge, ylim=(0, 1))
    ax.tick_params("x", labelsize=7)
    ax.grid(alpha=0.3)
fig.supxlabel("rating")
fig.supylabel("P(harmful | this rating)")

# %%
# Can the probabilities be believed?
# ----------------------------------
#
# Judges who share mistakes agree more than independent ones would. The model notices how much the scores of a row vary
# together, and counts them less. Here it is still on the careful side: where it says 80%, nine of ten are harmful. The
# mean of the ranks sorts the answers well, but it is no probability.

fig, ax = plt.subplots(figsize=(5.5, 5), layout="constrained")
for name in ["scores, mean rank", "scores, label model"]:
    proba = models[name][0].predict_proba(ratings)[:, 1]
    CalibrationDisplay.from_predictions(harmful, proba, n_bins=8, name=name, ax=ax)
ax.set(xlabel="P(harmful) that was predicted", ylabel="share that is harmful")

# %%
# Which judges, and which rows?
# -----------------------------
#
# The report names judges who guess or rate the other way round. The rows near one half are those that a person should
# look at.

for finding in model.report(ratings).findings:
    print(finding.severity, finding.code, finding.lf)
contested = np.abs(model.predict_proba(ratings)[:, 1] - 0.5).argsort()[:3]
print(ratings.iloc[contested].T.to_string())
print(model.explain(ratings.iloc[contested[:1]]).round(2).to_string())
plt.show()
