"""Parameters and attributes that all label models share, described once."""

from __future__ import annotations

from typing import TypeVar

Model = TypeVar("Model")

PIECES = {
    "parameter classes": """
    classes : array-like of shape (n_classes,), default=None
        The classes in order; any other vote is then an error. None: the labels of a y that labels every row, else
        all values among votes and labels.
""",
    "parameter abstain": """
    abstain : int, float, str, list of these or None, default=-1
        The vote that means "no vote", as every missing value does; a list where there are several.
""",
    "parameter scores": """
    scores : "all", list or mask of columns, or dict of column to class, default=None
        Columns (by name or position) that hold scores in place of votes: numbers such as ratings, probabilities or
        logits, which speak for a class the more the larger they are. The dict says for which class; else it is the
        second of two. Each is cut into four bins by quantiles of the fitted rows, so that its scale does not matter,
        and what a bin means is learned. Only missing values abstain in them, `abstain` does not. Scores name no
        classes: these come from `classes`, y or the votes of other columns.
""",
    "parameter vote_meanings": """
    vote_meanings : dict of vote to list of classes, default=None
        Votes that leave several classes open, such as {"animal": ["cat", "dog"]} or {"not spam": ["ham", "promo"]}.
""",
    "attribute score_bins_": """
    score_bins_ : dict of column to ndarray of shape (n_bins, 2)
        Least and greatest fitted score of each bin. A new score falls into the first bin whose greatest one it does
        not exceed, else into the last.
""",
    "attribute vote_model_": """
    vote_model_ : VoteModel
        All that was learned, as one object: the attributes below are read from it.
    classes_ : ndarray of shape (n_classes,)
        The classes.
    class_prior_ : ndarray of shape (n_classes,)
        P(Y).
    symbols_ : structured ndarray of shape (n_symbols,)
        Fields "lf" (column) and "vote" (value): the votes that occurred.
""",
    "attribute conditional_probs_": """
    conditional_probs_ : ndarray of shape (n_lfs, n_classes + 1, n_classes)
        [j, 1 + v, y] = P(LF j votes for class v | Y = y), [j, 0, y] what is left to 1: its abstains, and
        votes that are no class.
    lf_accuracies_ : ndarray of shape (n_lfs,)
        P(vote is right | LF votes), in [1e-6, 1]: what the model believes in the end.
    coverage_ : ndarray of shape (n_lfs,)
        Share of rows in which each LF votes.
""",
    "attribute report_": """
    report_ : FitReport
        What fit can tell of its own faults; `report` looks at the votes too.
    n_features_in_ : int
        Number of LFs.
    feature_names_in_ : ndarray of shape (n_features_in_,)
        LF names, where L is a DataFrame.
""",
}


def documented(model: type[Model]) -> type[Model]:
    """The class, with each line "{{piece}}" of its docstring replaced by the piece of that name."""
    text = model.__doc__ or ""
    for name, piece in PIECES.items():
        text = text.replace(f"    {{{{{name}}}}}\n", piece.lstrip("\n"))
    model.__doc__ = text
    return model
