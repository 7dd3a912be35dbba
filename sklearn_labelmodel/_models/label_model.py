"""LabelModelClassifier: Snorkel's label model as a scikit-learn estimator."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from numbers import Integral, Real
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import _fit_context
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils._param_validation import Interval, StrOptions

from .._evidence.combine import Evidence, TemperedEvidence, find_symbols
from .._learning.schedules import SCHEDULERS
from .._utils import first_number, warn_user
from .._votes.classes import class_index, resolve_classes, warn_of_gold_of_one_class
from .._votes.codes import check_any_vote, warn_unidentified, warn_unidentified_prior
from .._votes.gold import no_gold
from .base import BaseLabelModel, ContributionsMixin, ReportMixin, unchanged_on_error

# What fit alone needs is imported by it: to import the package, unpickle and predict shall be quick.
if TYPE_CHECKING:
    from .._learning.learn import FinalEvidence, RowReading
    from .._learning.observed import RefinementProblem
    from .._learning.trainer import TrainingResult
    from .._votes.codes import Votes
    from .._votes.gold import GoldCounts
    from .._votes.pairs import VoteStatistics


START_DECIDES = "the start (prec_init) decides"


class LabelModelClassifier(ReportMixin, ContributionsMixin, BaseLabelModel):
    """Learn from votes alone how far to trust each voter, and label rows by it.

    The model of Snorkel (matrix completion over mu, the probability of each vote given the class): its
    conditional probabilities are chosen such that the votes co-occur as often as observed, assuming that labeling
    functions (LFs) err independently given the class.

    Parameters
    ----------
    n_epochs : int, default=100
        Full-batch steps of training, at least 0.
    lr : float, default=0.01
        Learning rate, positive. Where the loss rises with many LFs (32 symbols or more), SGD at a constant rate and
        without momentum halves it, the more often the more there are.
    l2 : float, default=0.0
        Strength of the pull of mu towards the start, and weight decay of the optimizer, as in Snorkel.
    optimizer : {"sgd", "adam", "adamax"} or subclass of torch.optim.Optimizer, default="sgd"
        torch's own, with their defaults.
    optimizer_params : dict, default=None
        Further parameters of the optimizer, such as ``{"momentum": 0.9}``.
    lr_scheduler : {"constant", "linear", "exponential", "step"}, default="constant"
        How the learning rate falls over the epochs: not, to zero, by gamma every epoch, by gamma every
        step_size epochs.
    lr_scheduler_params : dict, default=None
        Any of gamma (0.9), step_size (5 epochs), min_lr (0), and warmup_steps (epochs) or warmup_percentage
        (share of n_epochs, in [0, 1]).
    prec_init : float or array-like of shape (n_lfs,), default=0.7
        Precision in [0, 1] that every LF, or each, is taken to have before training.
    init : {"precision", "snorkel"}, default="precision"
        Start of training. "precision": the full table of probabilities that prec_init implies. "snorkel":
        Snorkel's, random in scale; together with ``optimizer_params={"momentum": 0.9}`` and
        ``random_state=seed`` it reproduces Snorkel's LabelModel.
    mu_eps : float, default=None
        Every conditional probability is clipped to [mu_eps, 1 - mu_eps], in (0, 0.5). None means 0.01, or less
        for more than 100 rows: the power of ten below 1 / n_samples.
    class_balance : array-like of shape (n_classes,), dict of class to share, or "estimate", default=None
        P(Y), positive and adding up to 1. Where it is given and n_em_steps is not 0, probabilities of rows with votes
        have the shares in the mean, nearly, that gold labels of such rows, else the silence of LFs that cast one
        vote, leave them of it; a rare class may still be the most probable one of fewer rows. Where all votes are for
        one class, a dict says which others there are.
        None: from the gold labels, else uniform. "estimate": from the votes, where gold labels that anchor do not say
        it; LFs that cast one vote only do not tell it (a warning says so).
    classes : array-like of shape (n_classes,), default=None
        The classes in order; any other vote is then an error. None: the labels of a y that labels every row, else
        all values among votes and labels.
    abstain : int, float, str or None, default=-1
        The vote that means "no vote", as every missing value does.
    gold : {"anchor", "prior", "ignore"}, default="anchor"
        What labelled rows of y are for. "anchor": for the class prior, and mu becomes their counts' posterior mean
        with the trained mu as prior, worth 30 rows or ten votes of the kind, whichever is more; rows without votes
        follow labels of their kind (unless n_em_steps is 0). "prior": for the class prior alone, as Snorkel's Y_dev.
        "ignore": y only names the classes.
    n_em_steps : int, default=5
        Steps of expectation maximisation that read, from whole rows, what votes say besides mu; twice as many where
        copies are looked for. 0, and ``init="snorkel"``: mu and the class prior alone say it.
    tempering : float, default=0.5
        In [0, 1]. What a row's n votes and a known class prior say together is divided by n ** tempering, since LFs err
        together. 0, and ``init="snorkel"``: votes add up as if LFs erred independently, and probabilities are the more
        extreme.
    dependencies : list of pairs of LFs, "auto" or None, default="auto"
        LFs, by name or column, that copy each other or share their source: training leaves out how often they
        agree, and where they agree they count as one. "auto" finds them, where n_em_steps is not 0: votes of LFs that
        agree more than their accuracies explain weigh less. None: every vote counts in full.
    tol : float, default=None
        Stop when an epoch changes the loss by no more than tol times the first loss. None: never.
    random_state : int, RandomState instance or None, default=None
        For ``init="snorkel"`` only; the default start is not random.
    device : str, default="cpu"
        "cpu", "cuda", "cuda:N", "mps" or "auto" (an accelerator if there is one). float64 but for mps.
    verbose : int, default=0
        1 shows a progress bar with the loss, and warns of LFs that vote against the others.
    log_freq : int, default=10
        The logger "sklearn_labelmodel" gets the loss (level INFO) every so many epochs.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        The classes.
    class_prior_ : ndarray of shape (n_classes,)
        P(Y).
    symbols_ : structured ndarray of shape (n_symbols,)
        Fields "lf" (column) and "vote" (value): the votes that occurred.
    mu_ : ndarray of shape (n_symbols, n_classes)
        P(symbol | Y).
    conditional_probs_ : ndarray of shape (n_lfs, n_classes + 1, n_classes)
        [j, 1 + v, y] = P(LF j votes for class v | Y = y), [j, 0, y] what is left to 1: its abstains, and
        votes that are no class.
    vote_evidence_ : ndarray of shape (n_symbols, n_classes)
        What each vote says: the logarithm of mu_, or of its geometric mean with the table that was read from rows.
        With class_balance given, the vote of an LF that casts one only says so against its silence.
    vote_weights_ : ndarray of shape (n_symbols,)
        How much each vote counts, in (0, 1]: less than 1 where "auto" finds that its LF repeats others.
    voted_prior_ : ndarray of shape (n_classes,)
        Prior of a row with a vote. EM learns it where the class prior is unknown. Where that is known, it is chosen
        such that probabilities of rows with votes have known shares in the mean, nearly; these shares in it are
        tempered together with the votes. So is what the silence of LFs that cast one vote says, which is part of it
        where class_balance is given.
    voteless_prior_ : ndarray of shape (n_classes,)
        P(Y | the row has no vote): class_prior_, moved by gold labels of such rows; class_prior_ counts for five.
    dependencies_ : list of pairs of LFs
        Those declared, or near-duplicates found.
    lf_accuracies_ : ndarray of shape (n_lfs,)
        P(vote is right | LF votes), in [1e-6, 1].
    coverage_ : ndarray of shape (n_lfs,)
        Share of rows in which each LF votes.
    n_iter_ : int
        Epochs trained.
    loss_, loss_curve_ : float, ndarray of shape (n_iter_,)
        The loss of the trained mu, and the loss that each epoch started from.
    converged_ : bool or None
        Whether tol was reached; None without tol. (Of training that diverged, a warning and the report tell.)
    report_ : FitReport
        What fit can tell of its own faults; `report` looks at the votes too.
    n_features_in_ : int
        Number of LFs.
    feature_names_in_ : ndarray of shape (n_features_in_,)
        LF names, where L is a DataFrame.

    References
    ----------
    A. Ratner, B. Hancock, J. Dunnmon, F. Sala, S. Pandey, C. Re. Training Complex Models with Multi-Task
    Weak Supervision. AAAI 2019.

    Examples
    --------
    >>> from sklearn_labelmodel import LabelModelClassifier
    >>> L = [[1, 1, -1], [0, -1, 0], [1, 0, 1], [0, 0, 0], [-1, 1, 1]]
    >>> model = LabelModelClassifier().fit(L)
    >>> model.predict(L)
    array([1, 0, 1, 0, 1])
    >>> model.predict_proba([[-1, -1, -1]])
    array([[0.5, 0.5]])
    """

    _parameter_constraints: dict[str, list[Any]] = {
        "n_epochs": [Interval(Integral, 0, None, closed="left")],
        "lr": [Interval(Real, 0, None, closed="neither")],
        "l2": [Interval(Real, 0, None, closed="left")],
        "optimizer": [str, type],
        "optimizer_params": [dict, None],
        "lr_scheduler": [StrOptions(set(SCHEDULERS))],
        "lr_scheduler_params": [dict, None],
        "prec_init": [Interval(Real, 0, 1, closed="both"), "array-like"],
        "init": [StrOptions({"precision", "snorkel"})],
        "mu_eps": [Interval(Real, 0, 0.5, closed="neither"), None],
        "class_balance": ["array-like", Mapping, StrOptions({"estimate"}), None],
        "classes": ["array-like", None],
        "abstain": [Real, str, None],
        "gold": [StrOptions({"anchor", "prior", "ignore"})],
        "n_em_steps": [Interval(Integral, 0, None, closed="left")],
        "tempering": [Interval(Real, 0, 1, closed="both")],
        "dependencies": [list, tuple, np.ndarray, StrOptions({"auto"}), None],
        "tol": [Interval(Real, 0, None, closed="left"), None],
        "random_state": ["random_state"],
        "device": [str],
        "verbose": ["verbose"],
        "log_freq": [Interval(Integral, 1, None, closed="left")],
    }

    def __init__(
        self,
        *,
        n_epochs: int = 100,
        lr: float = 0.01,
        l2: float = 0.0,
        optimizer: str | type = "sgd",
        optimizer_params: dict[str, Any] | None = None,
        lr_scheduler: str = "constant",
        lr_scheduler_params: dict[str, Any] | None = None,
        prec_init: float | ArrayLike = 0.7,
        init: str = "precision",
        mu_eps: float | None = None,
        class_balance: ArrayLike | Mapping[Any, float] | str | None = None,
        classes: ArrayLike | None = None,
        abstain: Any = -1,
        gold: str = "anchor",
        n_em_steps: int = 5,
        tempering: float = 0.5,
        dependencies: Sequence[tuple[Any, Any]] | str | None = "auto",
        tol: float | None = None,
        random_state: int | np.random.RandomState | None = None,
        device: str = "cpu",
        verbose: int = 0,
        log_freq: int = 10,
    ):
        self.n_epochs = n_epochs
        self.lr = lr
        self.l2 = l2
        self.optimizer = optimizer
        self.optimizer_params = optimizer_params
        self.lr_scheduler = lr_scheduler
        self.lr_scheduler_params = lr_scheduler_params
        self.prec_init = prec_init
        self.init = init
        self.mu_eps = mu_eps
        self.class_balance = class_balance
        self.classes = classes
        self.abstain = abstain
        self.gold = gold
        self.n_em_steps = n_em_steps
        self.tempering = tempering
        self.dependencies = dependencies
        self.tol = tol
        self.random_state = random_state
        self.device = device
        self.verbose = verbose
        self.log_freq = log_freq

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(self, L: Any, y: Any = None) -> LabelModelClassifier:
        """Learn mu from the votes, and from gold labels where there are some.

        Parameters
        ----------
        L : array-like, dataframe or sparse matrix of shape (n_samples, n_lfs)
            Votes: class labels (numbers, booleans or strings), the marker `abstain` or a missing value. In a sparse
            matrix the stored entries are votes.
        y : array-like of shape (n_samples,), default=None
            Gold labels of all or some rows; -1 or a missing value marks a row without one. -1 is a class
            where taking it away would leave a single class, or where `classes` names it.

        Returns
        -------
        self : LabelModelClassifier

        Raises
        ------
        ValueError
            Votes, labels or parameters that cannot be what was meant; the message names the place and the remedy.
        TypeError
            A vote that is neither a number nor a string.
        FloatingPointError
            Training diverged to a loss that is not finite.
        """
        from .._evidence.table import precision_per_lf
        from .._learning.alignment import align_columns
        from .._learning.gold import anchor, anchor_strength
        from .._learning.learn import combine
        from .._learning.observed import RefinementProblem
        from .._votes.pairs import count_gold, count_votes

        with unchanged_on_error(self):
            votes, labels = self._read_training_data(L, y)
            counted = labels if self.gold != "ignore" else no_gold(votes.n_samples)
            statistics = count_votes(votes, counted)
            check_any_vote(statistics.lf)
            overlaps = statistics.overlaps()
            warn_unidentified(votes, statistics.lf, overlaps, START_DECIDES)
            classes = resolve_classes(
                *(self.classes, self.abstain, labels, votes, statistics.lf, statistics.vote),
                self.class_balance,
            )
            warn_of_gold_of_one_class(counted, classes, self.classes, self.class_balance)
            symbol_class = class_index(statistics.vote, classes)
            gold = count_gold(statistics, votes, counted, classes)
            precision = precision_per_lf(self.prec_init, votes.n_lfs, votes.names)
            problem = RefinementProblem(votes, statistics, symbol_class, precision, len(classes))
            anchors = gold if self.gold == "anchor" and gold.rows.any() else None
            reading = self._read_rows(problem, classes, gold, anchors)
            start = self._start(problem, reading.prior)
            result = self._train(statistics, reading, start)
            floor = self._floor(votes.n_samples)
            mu = np.clip(result.mu, floor, 1 - floor)
            mu = align_columns(mu, symbol_class, reading.prior)
            coverage = problem.coverage
            if anchors is not None:
                mu = anchor(mu, anchors, anchor_strength(problem.frequency))
                coverage = _said_coverage(problem, mu, reading.prior)
            tempering = 0.0 if self.init == "snorkel" else float(self.tempering)
            final = combine(problem, reading, mu, tempering, anchors)
            self._store(problem, classes, reading, mu, floor, coverage)
            self._store_evidence(final, reading, tempering)
            self._store_training(result)
            self._keep_for_report(votes.n_samples, overlaps, statistics.cooccurrence, anchors)
            if self.verbose:
                self._warn_of_inverted()
        return self

    def _read_rows(
        self,
        problem: RefinementProblem,
        classes: NDArray[Any],
        gold: GoldCounts,
        anchors: GoldCounts | None,
    ) -> RowReading:
        from .._evidence.dependence import resolve_pairs
        from .._evidence.prior import given_prior
        from .._learning.learn import read_rows

        estimate = isinstance(self.class_balance, str)
        pairs = None
        if not isinstance(self.dependencies, str):
            declared = () if self.dependencies is None else self.dependencies
            pairs = resolve_pairs(declared, problem.votes.n_lfs, problem.votes.names)
        if estimate and anchors is None and len(classes) > 1:
            warn_unidentified_prior(problem.identified)
        return read_rows(
            problem,
            given_prior(self.class_balance, self.gold, classes, gold),
            anchors,
            estimate=estimate,
            pairs=pairs,
            n_steps=0 if self.init == "snorkel" else self.n_em_steps,
        )

    def _start(self, problem: RefinementProblem, prior: NDArray[np.float64]) -> NDArray[np.float64]:
        from .._evidence.table import precision_start, snorkel_start

        start = snorkel_start if self.init == "snorkel" else precision_start
        precision = problem.precision[problem.lf]
        return start(problem.frequency, precision, problem.symbol_class, prior)

    def _train(
        self,
        statistics: VoteStatistics,
        reading: RowReading,
        start: NDArray[np.float64],
    ) -> TrainingResult:
        from .._learning.objective import make_objective
        from .._learning.trainer import TrainingSettings, train

        objective = make_objective(statistics, reading.prior, start, self.l2, reading.groups)
        if self.init == "snorkel":
            start = start * first_number(self.random_state)
        settings = TrainingSettings(
            n_epochs=self.n_epochs,
            lr=self.lr,
            weight_decay=self.l2,
            optimizer=self.optimizer,
            optimizer_params=self.optimizer_params or {},
            lr_scheduler=self.lr_scheduler,
            lr_scheduler_params=self.lr_scheduler_params or {},
            tol=self.tol,
            device=self.device,
            verbose=self.verbose,
            log_freq=self.log_freq,
        )
        return train(objective, start, settings)

    def _floor(self, n_samples: int) -> float:
        from .._evidence.table import least_probability

        return least_probability(n_samples) if self.mu_eps is None else float(self.mu_eps)

    def _store(
        self,
        problem: RefinementProblem,
        classes: NDArray[Any],
        reading: RowReading,
        mu: NDArray[np.float64],
        floor: float,
        coverage: NDArray[np.float64],
    ) -> None:
        lf, vote = problem.lf, problem.vote
        self.symbols_ = np.empty(len(lf), dtype=[("lf", np.intp), ("vote", vote.dtype)])
        self.symbols_["lf"], self.symbols_["vote"] = lf, vote
        self.classes_, self.class_prior_, self.mu_ = classes, reading.prior, mu
        self._mu_eps = floor
        self.dependencies_ = _named(reading.pairs, problem.votes.names)
        self.coverage_, self._model_coverage = problem.coverage, coverage

    def _store_evidence(self, final: FinalEvidence, reading: RowReading, tempering: float) -> None:
        self.vote_evidence_, self.vote_weights_ = final.log_table, reading.weights
        self.voted_prior_, self.voteless_prior_ = final.voted_prior, final.voteless_prior
        self._tempered_log_prior = final.tempered_log_prior
        self._tempering, self._likeness = tempering, reading.likeness

    def _store_training(self, result: TrainingResult) -> None:
        self.n_iter_ = len(result.loss_curve)
        self.loss_, self.loss_curve_ = result.loss, result.loss_curve
        self.converged_, self._diverged = result.converged, result.diverged
        if result.diverged:
            warn_user(
                f"Training diverged: the loss rose from {result.loss_curve[0]:.3g} to {result.loss:.3g}. "
                f"Lower lr (it is {self.lr:g}), or the momentum in optimizer_params.",
                ConvergenceWarning,
            )
        elif result.converged is False:
            warn_user(
                f"The loss still changed by more than tol={self.tol:g} of its start after "
                f"{self.n_iter_} epochs; raise n_epochs, lr or tol.",
                ConvergenceWarning,
            )

    def _evidence(self, votes: Votes) -> Evidence:
        symbols = find_symbols(votes, self.symbols_["lf"], self.symbols_["vote"])
        log_prior, log_voted = np.log(self.voteless_prior_), np.log(self.voted_prior_)
        silent = np.zeros((1, len(log_prior)))
        alike = (log_prior == log_voted).all() and (self.vote_weights_ == 1).all()
        if alike and self._likeness is None and not self._tempering:
            return Evidence(symbols, np.vstack([self.vote_evidence_, silent]), log_prior)
        weights = self.vote_weights_[:, None]
        table = np.hstack([weights * self.vote_evidence_, weights])
        table = np.vstack([table, np.zeros((1, table.shape[1]))])
        return TemperedEvidence(
            symbols,
            table,
            log_prior,
            log_voted - self._tempered_log_prior,
            self._tempered_log_prior,
            self._tempering,
            self._likeness,
        )


def _said_coverage(
    problem: RefinementProblem, mu: NDArray[np.float64], prior: NDArray[np.float64]
) -> NDArray[np.float64]:
    """P(the LF votes) by an anchored mu, which no longer adds up to the rows' coverage as Snorkel takes it to."""
    said = np.bincount(problem.lf, weights=mu @ prior, minlength=problem.votes.n_lfs)
    return said.astype(np.float64)


def _named(pairs: NDArray[np.intp], names: NDArray[np.object_] | None) -> list[tuple[Any, Any]]:
    return [tuple(pair.tolist() if names is None else names[pair].tolist()) for pair in pairs]
