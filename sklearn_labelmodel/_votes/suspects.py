"""Votes that can hardly be what was meant: identifiers, scores, marks, variants, long tables; and votes too few."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Hashable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from .._utils import listed_values, plain, quoted, warn_user
from .._utils.spelling import marks, one_slip_apart, spelling
from .codes import GoldLabels, SparseVotes, Votes, is_text, lf_label

# An LF with more different votes than this, and than this share of the rows, is an identifier or a text.
MOST_LONE_VOTES, IDENTIFIER_SHARE = 200, 0.8
# Fewer and a smaller share are enough where hardly any of them is another LF's vote too.
MOST_UNSHARED_VOTES, UNSHARED_ROWS, UNSHARED_SHARE = 20, 0.1, 0.95
# Of rows that others follow, so that votes may yet be cast again, more and a greater share.
MOST_IN_A_PART, IDENTIFIER_SHARE_OF_A_PART = 10_000, 0.9
# So many rows, each of another vote, are a counter where all other LFs cast at most half as many different ones.
LEAST_COUNTER = 10
# One slip away from a vote that is so many times as frequent, a vote is misspelt.
RARE_SLIP = 100
# What pandas and Arrow call the column of an index that was written without a name.
INDEX_NAME = re.compile(r"(Unnamed: \d+|index|level_\d+|__index_level_\d+__|)")
# LFs looked at where a look at some will do.
SOME_LFS = 20
# So few records, or so many LFs for each, are rather LFs and records the wrong way round.
FEW_ROWS, LEAST_WIDTH, MANY_LFS = 30, 10, 3
# Scores: an LF of so many different numbers; and so unlikely would gold labels miss all classes but theirs.
LEAST_SCORES, UNLIKELY = 5, 1e-3
# Columns of a table with a row for each vote.
VOTER_NAME = re.compile(
    "worker|annotator|rater|labell?er|coder|voter|user|assessor|reviewer|judge|expert|grader|contributor|performer|"
    "model|source"
)
LABEL_NAME = re.compile(
    "label|answer|response|vote|annotation|rating|category|verdict|judge?ment|class|value|choice|score"
)
MOST_LONG_COLUMNS = 4
WRITE_ALIKE = (
    "Write each class in one way (ColumnLF and votes_from_long do it with normalize=True; str.strip().lower() does "
    "where only case and blanks differ), or name the classes (`classes`)."
)


class Symbols(NamedTuple):
    """The LF, the value and the share of the rows of every symbol, each an ndarray of shape (n_symbols,)."""

    lf: NDArray[np.intp]
    vote: NDArray[Any]
    frequency: NDArray[np.float64]


# Columns that are no votes ------------------------------------------------------------------------


def check_no_identifier(
    votes: Votes, symbols: Symbols, n_different: NDArray[np.intp], *, labelled: bool
) -> None:
    """Raise a ValueError where an LF casts so many different votes that it is no LF, and each would be a class.

    Parameters
    ----------
    votes : Votes
    symbols : Symbols
    n_different : ndarray of shape (n_lfs,)
        How many different votes each LF casts.
    labelled : bool
        Whether y names the classes; then only what counts the rows is refused.
    """
    if labelled:
        suspect = _counts_rows(votes, n_different) & (symbols.vote.dtype.kind in "biuO")
    else:
        suspect = _is_identifier(votes, symbols, n_different)
    if suspect.any():
        _refuse_identifier(votes, int(np.argmax(n_different * suspect)), n_different)
    if not labelled:
        _check_no_long_table(votes, symbols, n_different)


def check_part_has_no_identifier(votes: Votes, lf: NDArray[np.intp]) -> None:
    """As `check_no_identifier`, of some of the rows: what other rows hold can hardly excuse an LF that is refused.

    Parameters
    ----------
    votes : Votes
    lf : ndarray of shape (n_symbols,)
        The LF of every symbol.
    """
    n_different = np.bincount(lf, minlength=votes.n_lfs)
    worst = int(np.argmax(n_different))
    if n_different[worst] > max(MOST_IN_A_PART, IDENTIFIER_SHARE_OF_A_PART * votes.n_samples):
        _refuse_identifier(votes, worst, n_different)


def _refuse_identifier(votes: Votes, worst: int, n_different: NDArray[np.intp]) -> None:
    raise ValueError(
        f"{lf_label(votes.names, worst)} casts {n_different[worst]} different votes in {votes.n_rows:.15g} rows, "
        "each of which would be a class. If the column is an identifier or a text, leave it out; if a row holds one "
        "vote with its item and its voter, make a column of each voter (votes_from_long does it); if these are "
        "classes, name them (`classes`)."
    )


def _is_identifier(
    votes: Votes, symbols: Symbols, n_different: NDArray[np.intp]
) -> NDArray[np.bool_]:
    suspect = n_different > max(MOST_LONE_VOTES, IDENTIFIER_SHARE * votes.n_rows)
    # Of a few fractional votes, reading them has warned.
    if np.count_nonzero(n_different) > 1 and symbols.vote.dtype.kind != "f":
        many = n_different > max(MOST_UNSHARED_VOTES, UNSHARED_ROWS * votes.n_rows)
        suspect |= many & (_n_unshared(votes, symbols) > UNSHARED_SHARE * n_different)
        suspect |= _counts_rows(votes, n_different)
    return suspect


def _n_unshared(votes: Votes, symbols: Symbols) -> NDArray[np.intp]:
    """Votes of each LF that no other LF casts."""
    _, code, n_lfs = np.unique(symbols.vote, return_inverse=True, return_counts=True)
    return np.bincount(symbols.lf, n_lfs[code] == 1, minlength=votes.n_lfs).astype(np.intp)


def _counts_rows(votes: Votes, n_different: NDArray[np.intp]) -> NDArray[np.bool_]:
    """Whether each LF casts another vote in every row, as only an index among votes does."""
    if votes.n_lfs < 2:
        return np.zeros(votes.n_lfs, dtype=bool)
    ordered = np.sort(n_different)
    most_of_others = np.where(n_different == ordered[-1], ordered[-2], ordered[-1])
    least = np.full(votes.n_lfs, LEAST_COUNTER)
    if votes.names is not None:
        named = [bool(INDEX_NAME.fullmatch(str(name))) for name in votes.names]
        least[named] = 3
    every_row = n_different == votes.n_rows
    return every_row & (n_different >= least) & (2 * most_of_others <= n_different)


def _names_of_long_table(votes: Votes, n_different: NDArray[np.intp]) -> tuple[int, int] | None:
    """Which of a few columns hold voters and votes by their names, there being more voters than different votes."""
    if votes.names is None or votes.n_lfs > MOST_LONG_COLUMNS:
        return None
    bare = [re.sub(r"[\W_]*(id|name|no|nr)?s?$", "", str(name).casefold()) for name in votes.names]
    voters = [lf for lf, name in enumerate(bare) if VOTER_NAME.fullmatch(name)]
    labels = [lf for lf, name in enumerate(bare) if LABEL_NAME.fullmatch(name)]
    pairs = [(i, j) for i in voters for j in labels if n_different[i] > n_different[j]]
    return pairs[0] if pairs else None


def _check_no_long_table(votes: Votes, symbols: Symbols, n_different: NDArray[np.intp]) -> None:
    """Raise a ValueError where no vote is cast by two LFs, though LFs choose among votes."""
    named = _names_of_long_table(votes, n_different)
    if named is not None:
        voter, label = (lf_label(votes.names, lf) for lf in named)
        raise ValueError(
            f"{voter} and {label} look like the columns of a table with a row for each vote. Make a column of "
            "each voter (votes_from_long does it); if these are classes, name them (`classes`)."
        )
    lf, vote, _ = symbols
    several = np.flatnonzero(n_different > 1)
    if len(several) < 2 or n_different.max() < 3 or vote.dtype.kind == "f":
        return
    if (_n_unshared(votes, symbols) < n_different).any() or _are_spelled_alike(lf, vote):
        return
    raise ValueError(
        f"No vote is cast by two LFs: those of {lf_label(votes.names, int(several[0]))} (such as "
        f"{quoted(vote[lf == several[0]][0])}) and of {lf_label(votes.names, int(several[1]))} (such as "
        f"{quoted(vote[lf == several[1]][0])}) have nothing in common. If a row holds one vote with its item and its "
        "voter, make a column of each voter (votes_from_long does it); if some columns are no votes, leave them out; "
        "if these are classes, name them (`classes`)."
    )


def _are_spelled_alike(lf: NDArray[np.intp], vote: NDArray[Any]) -> bool:
    """Whether two LFs cast votes that differ in spelling only."""
    casters = defaultdict(set)
    for caster, value in zip(lf.tolist(), vote.tolist(), strict=True):
        if isinstance(value, str):
            casters[spelling(value)].add(caster)
    return any(len(each) > 1 for each in casters.values())


def check_no_scores(names: NDArray[np.object_] | None, symbols: Symbols, gold: GoldLabels) -> None:
    """Raise a ValueError where gold labels tell that the many numbers which LFs cast are scores, not classes.

    Parameters
    ----------
    names : ndarray of shape (n_lfs,) or None
    symbols : Symbols
    gold : GoldLabels
    """
    lf, vote, frequency = symbols
    whole = gold.values.dtype.kind in "iu" and vote.dtype.kind in "iu"
    many = np.flatnonzero(np.bincount(lf) >= LEAST_SCORES)
    if len(gold.values) < 2 or not whole or not len(many):
        return
    cast = np.isin(lf, many)
    named = cast & np.isin(vote, gold.values)
    share = float(frequency[named].sum() / frequency[cast].sum())
    if share**gold.n_labelled < UNLIKELY:
        raise ValueError(
            f"{lf_label(names, int(many[0]))} casts numbers such as {listed_values(np.unique(vote[cast]))}, and of "
            f"the {gold.n_labelled} labels in y all are {listed_values(gold.values)}. If the numbers are scores, pass "
            'them as such (scores="all", or the columns), or cut each column into votes by a threshold; if they are '
            "classes, name them (`classes`)."
        )


# Tables the wrong way round, and zeros ------------------------------------------------------------


def warn_of_layout(votes: Votes) -> None:
    """Warn where rows and LFs look exchanged."""
    # Long tables make sparse matrices, and name their rows and voters.
    if (
        not isinstance(votes, SparseVotes)
        and votes.n_lfs >= LEAST_WIDTH
        and (votes.n_lfs >= MANY_LFS * votes.n_rows or votes.n_rows < min(FEW_ROWS, votes.n_lfs))
    ):
        warn_user(
            f"L has {votes.n_rows:.15g} rows and {votes.n_lfs} LFs. Rows are records and columns are LFs: if here each "
            "row is a voter, pass L.T."
        )


def warn_of_zeros(votes: Votes) -> None:
    """Warn where 0 marks what -1 marks here: as in MeTaL, early Snorkel and FlyingSquid."""
    values = votes.values
    others = values[(values != 0)] if values.dtype.kind in "iu" else values[:0]
    if not 2 <= len(others) <= SOME_LFS or 0 not in values or votes.n_lfs < 3:
        return
    if int(others.min()) < (-1 if len(others) == 2 else 0):
        return
    lfs = np.unique(np.linspace(0, votes.n_lfs - 1, SOME_LFS).astype(np.intp))
    codes = _some_codes(votes, lfs)
    zero = int(np.flatnonzero(values == 0)[0])
    if zero == votes.abstain_code:
        return
    signed = int(others.min()) == -1
    if not signed and (codes == votes.abstain_code).any():
        return
    most_frequent = [np.bincount(row).argmax() for row in codes]
    if all(code == zero for code in most_frequent) and _says_nothing(codes, zero):
        remedy = "abstain=0" + (" (then -1 is a class)" if signed else "")
        warn_user(
            "0 is the most frequent vote of every LF, and tells nothing of how the others vote: it looks like a mark "
            f'for "no vote". If it is one, set {remedy}; if it is a class, name all of them (`classes`).'
        )


def warn_of_lost_zeros(votes: SparseVotes, symbols: Symbols) -> None:
    """Warn where a dense matrix was made sparse: it stores -1 for "no vote", and no more the votes for 0."""
    values, marker = votes.values, votes.abstain_code
    if marker == len(values) or values.dtype.kind != "i" or values[marker] != -1:
        return
    if (votes.codes == marker).any() and len(symbols.vote) and symbols.vote.min() == 1:
        warn_user(
            "L is sparse and stores the marker -1, but no 0. If it was made of a dense matrix, its votes for the class "
            "0 are lost: pass the dense one. If 0 is no class, leave out the -1, or name all classes (`classes`)."
        )


def _some_codes(votes: Votes, lfs: NDArray[np.intp]) -> NDArray[Any]:
    """Vote codes of some LFs in some rows, shape (n_lfs, n_rows)."""
    some = votes.some_rows()
    row, lf, code = some.cells(0, some.n_samples)
    place = np.full(votes.n_lfs, len(lfs))
    place[lfs] = np.arange(len(lfs))
    codes = np.full((len(lfs) + 1, some.n_samples), votes.abstain_code, dtype=votes.code_dtype)
    codes[place[lf], row] = code
    return codes[:-1]


def _says_nothing(codes: NDArray[Any], zero: int) -> bool:
    """Whether LFs agree, or disagree, on where to say zero far less than they agree elsewhere on what else to say."""
    spoken = codes != zero
    centred = spoken - spoken.mean(axis=1, keepdims=True)
    deviation = np.sqrt((centred**2).mean(axis=1))
    if not deviation.all():
        return False
    likeness = (centred @ centred.T) / codes.shape[1] / np.outer(deviation, deviation)
    pairs = np.triu_indices(len(codes), 1)
    return bool(np.abs(likeness[pairs]).mean() < _agreement_beyond_chance(codes, spoken) / 2)


def _agreement_beyond_chance(codes: NDArray[Any], spoken: NDArray[np.bool_]) -> float:
    """Cohen's kappa of all pairs of spoken cells in a row, in common; 0 where there are none."""
    kinds, code = np.unique(codes, return_inverse=True)
    held = np.stack([(code.reshape(codes.shape) == kind) & spoken for kind in range(len(kinds))])
    per_row = held.sum(axis=1)
    total = per_row.sum(axis=0)
    n_pairs = float((total * (total - 1)).sum())
    if not n_pairs:
        return 0.0
    agree = float((per_row * (per_row - 1)).sum()) / n_pairs
    shares = per_row.sum(axis=1) / total.sum()
    chance = float((shares**2).sum())
    return (agree - chance) / (1 - chance) if chance < 1 else 0.0


def warn_of_marker_between(votes: Votes) -> None:
    """Warn where the abstain marker, which lies between votes, is -1, as on a scale from -2 to 2."""
    values, marker = votes.values, votes.abstain_code
    if values.dtype.kind != "i" or values[marker] != -1:
        return
    codes = _some_codes(votes, np.arange(min(SOME_LFS, votes.n_lfs)))
    if np.isin([marker - 1, marker, marker + 1], codes).all():
        below, own, above = (plain(values[marker + step]) for step in (-1, 0, 1))
        if above - below == 2:
            warn_user(
                f'{own} means "no vote" and lies between the votes {below} and {above}. If it is a class as they are, '
                "set `abstain` to another value (None where missing values alone abstain)."
            )


# Marks and variants -------------------------------------------------------------------------------


def warn_of_suspects(classes: NDArray[Any], votes: Votes, symbols: Symbols) -> None:
    """Warn of classes that look like a mark for "no vote", of those that differ in spelling only, and of slips.

    Parameters
    ----------
    classes : ndarray of shape (n_classes,)
        As found among votes and gold labels.
    votes : Votes
    symbols : Symbols
    """
    lf, vote, _ = symbols
    found = marks(classes.tolist())
    places = {mark: lf[vote == mark] for mark in found}
    for mark in found:
        _warn_of_mark(mark, places, votes)
    if is_text(classes):
        texts = {*classes.tolist(), *(vote.tolist() if is_text(vote) else [])}
        _warn_of_variants(sorted(texts))
        if is_text(vote):
            _warn_of_slips(classes, votes, symbols)


def _warn_of_mark(mark: Hashable, places: dict[Hashable, NDArray[np.intp]], votes: Votes) -> None:
    cast = [plain(other) for other, lfs in places.items() if len(lfs)]
    if votes.abstain_code < len(votes.values):
        cast.insert(0, plain(votes.values[votes.abstain_code]))
    where = lf_label(votes.names, int(places[mark][0])) if len(places[mark]) else "y"
    remedy = (
        f"set abstain={quoted(cast[0] if len(cast) == 1 else cast)} or replace it by None"
        if len(places[mark])
        else "mark rows without a label by None or NaN"
    )
    warn_user(
        f"{quoted(mark)} (in {where}) counts as a class, but looks like a mark. If it is one, {remedy}; if it is a "
        "class, name all of them (`classes`)."
    )


def _warn_of_variants(labels: list[str]) -> None:
    """Warn of labels that differ in case, blanks, quotes, punctuation or the form of a number only."""
    spellings = defaultdict(list)
    for label in labels:
        spellings[spelling(label)].append(label)
    alike = [variants for variants in spellings.values() if len(variants) > 1]
    if alike:
        plainly = len({label.strip().casefold() for label in alike[0]}) == 1
        what = (
            "case or blanks"
            if plainly
            else "spelling (quotes, punctuation, signs, form of a number)"
        )
        warn_user(
            f"{_joined(alike[0])} differ in {what} only, and count as {len(alike[0])} classes"
            + (f" (as do others: {len(alike)} groups in all)" if len(alike) > 1 else "")
            + f". {WRITE_ALIKE}"
        )


def _warn_of_slips(classes: NDArray[Any], votes: Votes, symbols: Symbols) -> None:
    """Warn of a class that is hardly ever voted for and one slip away from another vote."""
    cast, code = np.unique(symbols.vote, return_inverse=True)
    often = np.bincount(code, symbols.frequency)
    rare = np.flatnonzero(np.isin(cast, classes) & (often * RARE_SLIP <= often.max()))
    for slip in rare if len(cast) <= MOST_LONE_VOTES else ():
        frequent = cast[often >= RARE_SLIP * often[slip]]
        meant = [other for other in frequent if one_slip_apart(cast[slip], other)]
        if meant:
            n_rows, where = votes.n_rows, lf_label(votes.names, int(symbols.lf[code == slip][0]))
            warn_user(
                f"{quoted(cast[slip])} (of {where}, {often[slip] * n_rows:.0f} in {n_rows:.15g} rows) counts as a "
                f"class, and differs from {quoted(meant[0])} by one letter. Correct it, or name all classes "
                "(`classes`)."
            )


def warn_of_new_values(new: NDArray[Any], known: NDArray[Any], what: str, effect: str) -> None:
    """Warn of votes or labels that come after `fit`, and look like a mark or another spelling of what `fit` saw.

    Parameters
    ----------
    new, known : ndarray
        Distinct values.
    what : str
        Where the new ones are, for the message.
    effect : str
        What becomes of them.
    """
    seen = set(known.tolist())
    others = [value for value in new.tolist() if value not in seen]
    if not others or (len(others) > MOST_LONE_VOTES):
        return
    spelled = {spelling(label): label for label in seen if isinstance(label, str)}
    together = (
        marks([*seen, *others]) if len({isinstance(v, str) for v in (*seen, *others)}) == 1 else []
    )
    for value in others:
        alike = spelled.get(spelling(value)) if isinstance(value, str) else None
        if alike is not None:
            warn_user(
                f"{what} holds {quoted(value)}, which differs from {quoted(alike)} in spelling only, and {effect}. "
                "Write it as in fit."
            )
        elif value in together:
            warn_user(
                f'{what} holds {quoted(value)}, which looks like a mark for "no vote" or "no label", and {effect}. If '
                "it is one, replace it by None or NaN."
            )


def _joined(labels: list[str]) -> str:
    return ", ".join(map(quoted, labels[:-1])) + f" and {quoted(labels[-1])}"
