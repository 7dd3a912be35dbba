"""
Read the summary, drop a harmful rule
=====================================

Six rules label tumours by measurements of their cell nuclei. A colleague adds a seventh, and the
labels get worse. The summary of the rules and forty gold labels show which rule it is.
"""

# %%
# Seven rules
# -----------
#
# The six come from the package. The colleague wanted to say that a *coarse* texture is suspicious,
# and wrote ``<`` where ``>`` was meant.

import matplotlib.pyplot as plt
import numpy as np

from sklearn_labelmodel import LabelModelClassifier, lf_summary
from sklearn_labelmodel.datasets import breast_cancer_rules
from sklearn_labelmodel.inspection import LFAccuracyDisplay, LFOverlapDisplay

data = breast_cancer_rules()
MALIGNANT, BENIGN = 0, 1
L = data.L[
    [
        "large_nuclei",
        "even_outline",
        "deep_dents_seen",
        "coarse_texture",
        "fine_texture",
        "outline_symmetric",
    ]
].assign(texture_suspicious=np.where(data.X["mean texture"] < 21, MALIGNANT, -1))
BALANCE = {MALIGNANT: 0.37, BENIGN: 0.63}  # which the clinic knows
print(L.head(3).T.to_string())

# %%
# What can be seen without labels
# -------------------------------
#
# ``coverage`` is how often a rule votes, ``overlaps`` how often another one votes too, ``conflicts``
# how often another one votes differently; all are shares of all rows. Compare conflicts with
# overlaps. The three rules that vote "benign" (1) are contradicted on nearly every row that they
# share with others. Something contradicts them all, and it must vote often: it is either very good
# or very bad.

model = LabelModelClassifier(class_balance=BALANCE).fit(L)
summary = lf_summary(L, label_model=model)
summary["conflicts / overlaps"] = summary["conflicts"] / summary["overlaps"]
print(summary.drop(columns=["j", "polarity"]).round(2).to_string())

# %%
# The map of overlaps says who it is. These rules vote for one class only, so rules for different
# classes should seldom meet, and the older ones do: large nuclei with an even outline are rare. The
# new rule meets the "benign" ones all the time, and more often than its own kind.

LFOverlapDisplay.from_votes(L)

# %%
# What forty labels show
# ----------------------
#
# The learned accuracy is the lowest, but not low enough: it says that the rule guesses. It moves carefully
# from where it starts, and a rule that votes on so many rows drags the others along. So look up the truth of 40
# rows and set it against what was learned. Most intervals are wide, for a rule votes on only some of
# the 40. One is not wide, and lies far below 0.5.

gold = np.full(len(L), -1)
chosen = np.random.default_rng(0).choice(len(L), size=40, replace=False)
gold[chosen] = data.y[chosen]
LFAccuracyDisplay.from_estimator(model, L, gold)

# %%
# What it does to a row
# ---------------------
#
# ``explain`` takes one row of votes apart, the strongest vote first. Positive numbers speak for the
# class (0 malignant, 1 benign). Of the benign tumours on which the new rule votes, here is the one
# that the model is most sure to be malignant.

malignant = model.predict_proba(L)[:, MALIGNANT]
misled = (data.y == BENIGN) & (L["texture_suspicious"] == MALIGNANT)
row = np.where(misled, malignant, 0).argmax()
print(f"row {row}: P(malignant) = {malignant[row]:.2f}")
print(model.explain(L.iloc[[row]]).round(2).to_string())

# %%
# Drop it
# -------
#
# Fit again without it, or turn its sign. The gain is small either way: one bad rule among seven does little harm,
# and the mended one sees what ``coarse_texture`` sees already.

measured = lf_summary(L, gold)["empirical_accuracy"]
worst = measured.idxmin()
print(f"worst rule: {worst}, right on {measured[worst]:.0%} of its votes on labelled rows\n")
mended = L.assign(**{worst: np.where(data.X["mean texture"] > 21, MALIGNANT, -1)})
candidates = {"seven rules": L, "without it": L.drop(columns=worst), "sign turned": mended}
for name, votes in candidates.items():
    accuracy = LabelModelClassifier(class_balance=BALANCE).fit(votes).score(votes, data.y)
    print(f"{name:12} accuracy {accuracy:.3f}")
plt.show()
