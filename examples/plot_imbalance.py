"""
One payment in twenty is fraud
==============================

Seven rules watch card payments. Four raise a flag, three wave a payment through; no payment comes
with the truth. Left alone, the label model assumes that fraud is as frequent as everything else.
Telling it how rare fraud is changes the probabilities more than any other setting.
"""

# %%
# The rules
# ---------
#
# Each rule votes 1 (fraud) or 0 (fine) or not at all. Its two numbers are how often it votes on
# fraud, and on the rest. Note what rarity does: "foreign card" speaks up on half of all fraud and on
# only 3% of the rest, and yet is wrong every second time.

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from sklearn.calibration import CalibrationDisplay
from sklearn.metrics import log_loss, precision_score, recall_score

from sklearn_labelmodel import LabelModelClassifier

RULES = pd.DataFrame(
    {
        "foreign card": [1, 0.50, 0.03],
        "at night": [1, 0.40, 0.05],
        "high sum": [1, 0.45, 0.03],
        "many tries": [1, 0.35, 0.01],
        "known customer": [0, 0.15, 0.60],
        "usual shop": [0, 0.15, 0.50],
        "small sum": [0, 0.10, 0.45],
    },
    index=["votes for", "on fraud", "on the rest"],
)
rng = np.random.default_rng(0)
y = (rng.random(10_000) < 0.05).astype(int)
L = pd.DataFrame(
    {
        rule: np.where(rng.random(len(y)) < np.where(y == 1, on_fraud, on_rest), int(vote), -1)
        for rule, (vote, on_fraud, on_rest) in RULES.items()
    }
)
true_accuracy = [(y[votes != -1] == votes[votes != -1]).mean() for _, votes in L.items()]
print(RULES.T.assign(accuracy=np.round(true_accuracy, 2)).to_string())

# %%
# Three models
# ------------
#
# The second one knows that 5% of the payments are fraud. Its probabilities then have about this mean. But it is
# careful: it calls few payments fraud, and misses many. The third one knows more: that these rules do not share
# their mistakes, as real ones often do. So it may learn from how often they agree until nothing changes any more
# (by Adam: in 100 steps of plain gradient descent, what is believed of rare votes hardly moves), and may count each
# vote in full (``tempering=0``).

INDEPENDENT = {"tempering": 0, "optimizer": "adam", "n_epochs": 500}
models = {
    "balance unknown": LabelModelClassifier(),
    "balance given": LabelModelClassifier(class_balance={0: 0.95, 1: 0.05}),
    "given, independent": LabelModelClassifier(class_balance={0: 0.95, 1: 0.05}, **INDEPENDENT),
}
rows = {}
for name, model in models.items():
    fraud = model.fit(L).predict_proba(L)[:, 1]
    rows[name] = {
        "mean P(fraud)": fraud.mean(),
        "labelled fraud": (fraud > 0.5).mean(),
        "precision": precision_score(y, fraud > 0.5, zero_division=np.nan),
        "recall": recall_score(y, fraud > 0.5),
        "log loss": log_loss(y, fraud),
    }
print(pd.DataFrame(rows).T.round(3).to_string())

# %%
# Are the probabilities honest?
# -----------------------------
#
# scikit-learn's ``CalibrationDisplay`` shows it. Below the dotted line the model cries wolf: with the
# balance unknown, of the payments that it calls fraud at 56%, one in seven is. Given the balance, the
# default is too shy instead: it allows for rules that share their mistakes. Told that these do not, it is about right.

fig, ax = plt.subplots(figsize=(6, 5), layout="constrained")
for name, model in models.items():
    fraud = model.predict_proba(L)[:, 1]
    CalibrationDisplay.from_predictions(y, fraud, n_bins=8, name=name, ax=ax)
ax.set_xlabel("P(fraud) by the label model")
ax.set_ylabel("share that really is fraud")

# %%
# What was learned of the rules
# -----------------------------
#
# Without the balance, a flag seems right in 7 of 10 cases, whatever rule raised it. Given the balance, the default
# believes far too little of the flags. That is where its training starts: ``prec_init=0.7`` where classes are
# equally frequent is 0.11 where one in twenty is fraud, and rules that only ever vote for one class are not moved
# far from there. The third model went all the way, and found the truth. Do the same if you have many rows, and
# rules of different origin.

learned = pd.DataFrame({name: model.lf_accuracies_ for name, model in models.items()}, L.columns)
fig, ax = plt.subplots(figsize=(7, 3.8), layout="constrained")
lines = np.arange(len(learned))
ax.plot(true_accuracy, lines, "o", ms=11, mfc="none", color="black", label="true")
for name, marker in zip(learned, "s^D", strict=True):
    ax.plot(learned[name], lines, marker, label=name)
ax.set_yticks(lines, learned.index)
ax.invert_yaxis()
ax.set(xlim=(0, 1.02), xlabel="accuracy: P(vote is right | rule votes)")
ax.grid(axis="y", alpha=0.3)
fig.legend(loc="outside right upper")

# %%
# If you don't know the balance, look at a hundred random rows and pass their labels as y: the class
# prior then comes from them. A guess within a factor of two is far better than none.

for share in [0.025, 0.1]:
    guess = LabelModelClassifier(class_balance=[1 - share, share], **INDEPENDENT)
    fraud = guess.fit(L).predict_proba(L)[:, 1]
    print(f"balance taken for {share:.1%}: log loss {log_loss(y, fraud):.3f}")
plt.show()
