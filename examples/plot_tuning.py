"""
Tuning without labels
=====================

A label model has settings, and no labels to choose them by. It can still say how well it foresees
votes that it has not been trained on: ``score(L)`` without labels is the mean log-likelihood of the
votes, so ``GridSearchCV`` works as it is. This example asks how far that can be trusted, and where
a small labelled sample does better.
"""

# %%
# The votes
# ---------
#
# Ten labeling functions of unlike accuracy vote on 1000 rows; six of them know the answer well and
# four hardly. The truth is known here, and used for checking only.

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from sklearn.model_selection import GridSearchCV, PredefinedSplit

from sklearn_labelmodel import LabelModelClassifier
from sklearn_labelmodel.datasets import make_label_matrix
from sklearn_labelmodel.inspection import LossCurveDisplay

data = make_label_matrix(
    1000,
    10,
    accuracy=[0.95, 0.9, 0.85, 0.8, 0.8, 0.75, 0.55, 0.5, 0.45, 0.4],
    coverage=0.4,
    random_state=0,
)
L, y = data.L, data.y

# %%
# A grid search that sees no label
# --------------------------------
#
# What matters most is how long to train, and what precision to assume at the start. Every
# setting is fitted on four fifths of the rows and scored on the rest, five times over.

grid = {"n_epochs": [10, 30, 100, 300, 1000], "prec_init": [0.6, 0.7, 0.8, 0.9]}
search = GridSearchCV(LabelModelClassifier(), grid, cv=5).fit(L)
print("chosen without labels:", search.best_params_)

# %%
# Does likelihood lead to accuracy?
# ---------------------------------
#
# One point for each setting. In these votes the labeling functions err independently, as the model
# assumes, and what foresees the votes best also labels well. The default setting is careful, and
# stops short.

results = pd.DataFrame(search.cv_results_["params"])
results["likelihood"] = search.cv_results_["mean_test_score"]
results["accuracy"] = [
    LabelModelClassifier(**setting).fit(L).score(L, y) for setting in search.cv_results_["params"]
]
print(results.sort_values("likelihood").tail().round(3).to_string(index=False))

fig, ax = plt.subplots(figsize=(7, 4.5), layout="constrained")
for marker, (epochs, rows) in zip("v<o>^", results.groupby("n_epochs"), strict=True):
    ax.plot(rows["likelihood"], rows["accuracy"], marker, ms=9, alpha=0.8, label=f"{epochs} epochs")
best = results.loc[results["likelihood"].idxmax()]
default = results.query("n_epochs == 100 and prec_init == 0.7").iloc[0]
for text, row, offset in [("chosen", best, (-60, 12)), ("default", default, (35, -12))]:
    ax.annotate(
        text,
        (row["likelihood"], row["accuracy"]),
        offset,
        textcoords="offset points",
        arrowprops={"arrowstyle": "->"},
    )
ax.margins(0.1, 0.15)
ax.set_xlabel("mean log-likelihood of held-out votes (no labels)")
ax.set_ylabel("accuracy (truth)")
ax.grid(alpha=0.3)
ax.legend(title="each for four prec_init", loc="upper left")

# %%
# With a hundred labels
# ---------------------
#
# Where labeling functions share mistakes, likelihood rewards a model that explains the shared
# mistakes, and accuracy suffers. Gold labels are then the better judge. ``PredefinedSplit`` trains
# on the unlabelled rows (-1 in y) and scores the accuracy on the labelled ones; ``gold="ignore"``
# keeps the labels out of the final fit. The last line uses them the other way, to train with the
# default setting.

few = np.full(len(y), -1)
few[:100] = y[:100]
split = PredefinedSplit(np.where(few == -1, -1, 0))
by_gold = GridSearchCV(LabelModelClassifier(gold="ignore"), grid, cv=split).fit(L, few)
print("chosen with a hundred labels:", by_gold.best_params_)
models = {
    "default": LabelModelClassifier().fit(L),
    "chosen by the votes": search.best_estimator_,
    "chosen by a hundred labels": by_gold.best_estimator_,
    "default, a hundred labels to train": LabelModelClassifier().fit(L, few),
}
for name, model in models.items():
    print(f"{name:35} accuracy {model.score(L[100:], y[100:]):.3f}")

# %%
# Was it trained long enough?
# ---------------------------
#
# The loss curve answers that. A flat end means that more epochs change nothing; a steep one, that
# the start still has its say, which is not always bad (see the guide on tuning).

fig, ax = plt.subplots(figsize=(6, 4), layout="constrained")
for optimizer in ["sgd", "adam"]:
    model = LabelModelClassifier(optimizer=optimizer, n_epochs=1000).fit(L)
    LossCurveDisplay.from_estimator(model, name=f'optimizer="{optimizer}"', ax=ax)
ax.axvline(100, color="grey", linewidth=0.8)
ax.annotate("default n_epochs", (100, ax.get_ylim()[1]), (5, -14), textcoords="offset points")
ax.legend()
plt.show()
