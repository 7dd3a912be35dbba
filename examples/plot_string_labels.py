"""
Labels are strings, votes have gaps
===================================

Tables from spreadsheets hold words, empty cells and columns of different types. Nothing needs to
be encoded: votes are the labels themselves, every missing value is an abstain, and predictions come
back as the same strings. Here three news desks and two keyword lists sort headlines into sections.
"""

# %%
# A table as it comes
# -------------------
#
# One column is of pandas' categorical type, some cells are empty, and the keyword lists write "skip"
# where they find nothing. ``abstain="skip"`` names that word; missing values need no naming.

import io

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from sklearn.metrics import ConfusionMatrixDisplay

from sklearn_labelmodel import LabelModelClassifier, probs_to_preds

TABLE = """headline,section,desk_a,desk_b,desk_c,keywords,names
Late goal sends City to the final,sport,sport,sport,sport,sport,skip
Parliament votes on new budget,politics,politics,economy,politics,politics,skip
Central bank leaves rates as they are,economy,economy,economy,politics,economy,skip
Star striker hurt before the derby,sport,sport,,sport,skip,sport
Minister resigns over travel bills,politics,politics,politics,,politics,skip
Car maker cuts two thousand jobs,economy,economy,economy,economy,skip,economy
Coach blames the referee,sport,sport,sport,,skip,skip
Coalition agrees on climate law,politics,,politics,politics,politics,skip
Oil price falls for the third week,economy,economy,,economy,economy,skip
Old rivals meet in the semi-final,sport,sport,politics,sport,sport,skip
President calls early election,politics,politics,politics,politics,politics,politics
Shares recover after a weak start,economy,economy,economy,sport,economy,skip
Swimmer breaks her own record,sport,,sport,sport,skip,skip
Mayor wants cheaper bus tickets,politics,politics,economy,politics,skip,politics
Exports rise despite the strong euro,economy,economy,economy,,economy,skip
Club sold to a group of investors,economy,sport,economy,sport,skip,sport
Opposition demands an inquiry,politics,politics,,politics,politics,skip
Inflation eats up the wage rise,economy,politics,economy,economy,economy,skip
Marathon winner tested positive,sport,sport,sport,,skip,skip
Senate blocks the trade deal,politics,politics,economy,politics,politics,skip
Budget airline orders fifty planes,economy,economy,,politics,politics,economy
Under-21s win by six goals,sport,sport,sport,sport,sport,skip
Mystery of the missing trophy,sport,,,,skip,skip
Two parties talk about a merger,politics,politics,economy,economy,skip,skip
"""
news = pd.read_csv(io.StringIO(TABLE))
L = news[["desk_a", "desk_b", "desk_c", "keywords", "names"]].astype({"desk_a": "category"})
print(L.head(8).to_string())

# %%
# Fit and predict
# ---------------
#
# ``classes_`` are the labels that occur, sorted; ``classes=`` would fix their order, and refuse
# any other vote, such as a misspelt "sprot". No row of ``proba`` is missing: one without votes gets
# the class prior.

model = LabelModelClassifier(abstain="skip").fit(L)
proba = pd.DataFrame(model.predict_proba(L), columns=model.classes_)
shown = news[["headline"]].assign(label=model.predict(L)).join(proba.round(2))
print(shown.head(8).to_string(index=False))

# %%
# Rather no label than a wrong one
# --------------------------------
#
# ``predict`` labels every row, the trophy on which nobody voted included. ``probs_to_preds`` leaves
# out ties, and with a threshold also what is unsure. These are the headlines for a human to look at.

labels = probs_to_preds(proba, model.classes_, threshold=0.7, abstain=None)
print(shown[[label is None for label in labels]].to_string(index=False))

# %%
# How good are they?
# ------------------
#
# The true sections are in the table. scikit-learn's metrics take the strings as they are; unsure
# headlines get a name of their own.

fig, ax = plt.subplots(figsize=(5.5, 4.5), layout="constrained")
named = np.array(["(unsure)" if label is None else label for label in labels])
display = ConfusionMatrixDisplay.from_predictions(
    news["section"], named, labels=[*model.classes_, "(unsure)"], ax=ax, colorbar=False
)
for text in display.text_[-1]:  # "(unsure)" is no true section
    text.remove()
ax.set_ylim(len(model.classes_) - 0.5, -0.5)
ax.set(xlabel="label given", ylabel="true section")
plt.show()
