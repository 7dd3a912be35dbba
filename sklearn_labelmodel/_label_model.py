"""LabelModelClassifier: Snorkel's label model as a scikit-learn estimator."""

from __future__ import annotations

from collections.abc import Mapping
from numbers import Integral, Real
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import _fit_context
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils._param_validation import Interval, StrOptions
from sklearn.utils.validation import check_random_state

from ._alignment import align_columns
from ._base import BaseLabelModel, unchanged_on_error
from ._checks import check_any_vote, warn_unidentified
from ._classes import class_index, no_gold, resolve_class_prior, resolve_classes
from ._contributions import ContributionsMixin
from ._objective import least_probability, make_objective, precision_start, snorkel_start
from ._statistics import VoteStatistics, count_votes, gold_by_class
from ._trainer import SCHEDULERS, TrainingResult, TrainingSettings, train
from ._warnings import warn_user

ANCHOR_ROWS = 30.0
START_DECIDES = "the start (prec_init) decides"


class LabelModelClassifier(ContributionsMixin, BaseLabelModel):
    """Learn from votes alone how far to trust each voter, and label rows by it.

    The model of Snorkel (matrix completion over mu, the probability of each vote given the class): its
    conditional probabilities are chosen such that the votes co-occur as often as observed, assuming that labeling
    functions (LFs) err independently given the class.

    Parameters
    ----------
    n_epochs : int, default=100
        Full-batch steps of training, at least 0.
    lr : float, default=0.01
        Learning rate, positive.
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
    class_balance : array-like of shape (n_classes,) or dict of class to share, default=None
        P(Y), positive and adding up to 1. None: from the gold labels, else uniform.
    classes : array-like of shape (n_classes,), default=None
        The classes in order; any other vote is then an error. None: the labels of a y that labels every row, else
        all values among votes and labels.
    abstain : int, float, str or None, default=-1
        The vote that means "no vote", as every missing value does.
    gold : {"anchor", "prior", "ignore"}, default="anchor"
        What labelled rows of y are for. "anchor": for the class prior, and mu becomes their counts' posterior mean
        with the trained mu as prior, worth 30 rows. "prior": for the class prior alone, as Snorkel's Y_dev.
        "ignore": y only names the classes.
    tol : float, default=None
        Stop when an epoch changes the loss by no more than tol times the first loss. None: never.
    random_state : int, RandomState instance or None, default=None
        For ``init="snorkel"`` only; the default start is not random.
    device : str, default="cpu"
        "cpu", "cuda", "cuda:N", "mps" or "auto" (an accelerator if there is one). float64 but for mps.
    verbose : int, default=0
        1 shows a progress bar with the loss.
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
    lf_accuracies_ : ndarray of shape (n_lfs,)
        P(vote is right | LF votes), in [1e-6, 1].
    coverage_ : ndarray of shape (n_lfs,)
        Share of rows in which each LF votes.
    n_iter_ : int
        Epochs trained.
    loss_, loss_curve_ : float, ndarray of shape (n_iter_,)
        The loss of the trained mu, and the loss that each epoch started from.
    converged_ : bool or None
        Whether tol was reached; None without tol.
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
            Training diverged.
        """
        with unchanged_on_error(self):
            votes, gold = self._read_training_data(L, y)
            counted = gold if self.gold != "ignore" else no_gold(votes.n_samples)
            statistics = count_votes(votes, counted)
            check_any_vote(statistics.lf)
            warn_unidentified(votes, statistics.lf, statistics.overlaps(), START_DECIDES)
            classes = resolve_classes(
                self.classes, self.abstain, gold, votes, statistics.lf, statistics.vote
            )
            symbol_class = class_index(statistics.vote, classes)
            gold_counts, gold_rows = gold_by_class(statistics, counted, classes)
            prior = self._class_prior(classes, gold_rows)
            start = self._start(statistics, symbol_class, prior)
            result = self._train(statistics, prior, start)
            floor = self._floor(votes.n_samples)
            mu = np.clip(result.mu, floor, 1 - floor)
            mu = align_columns(mu, symbol_class, prior)
            anchored = self.gold == "anchor" and bool(gold_rows.any())
            if anchored:
                mu = anchor(mu, gold_counts, gold_rows)
            self._store(statistics, classes, prior, mu, floor, anchored, result)
        return self

    def _class_prior(
        self, classes: NDArray[Any], gold_rows: NDArray[np.float64]
    ) -> NDArray[np.float64]:
        if isinstance(self.class_balance, str):
            raise ValueError(
                "class_balance='estimate' is not available yet; give the shares, or leave it None."
            )
        return resolve_class_prior(
            self.class_balance, classes, gold_rows, smooth=self.gold == "anchor"
        )

    def _start(
        self,
        statistics: VoteStatistics,
        symbol_class: NDArray[np.intp],
        prior: NDArray[np.float64],
    ) -> NDArray[np.float64]:
        start = snorkel_start if self.init == "snorkel" else precision_start
        precision = _precision_per_lf(self.prec_init, statistics.n_lfs)
        frequency = statistics.counts / statistics.n_samples
        return start(frequency, precision[statistics.lf], symbol_class, prior)

    def _train(
        self,
        statistics: VoteStatistics,
        prior: NDArray[np.float64],
        start: NDArray[np.float64],
    ) -> TrainingResult:
        objective = make_objective(statistics, prior, start, self.l2)
        if self.init == "snorkel":
            start = start * _random_state(self.random_state).random_sample()
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
        return least_probability(n_samples) if self.mu_eps is None else float(self.mu_eps)

    def _store(
        self,
        statistics: VoteStatistics,
        classes: NDArray[Any],
        prior: NDArray[np.float64],
        mu: NDArray[np.float64],
        floor: float,
        anchored: bool,
        result: TrainingResult,
    ) -> None:
        fields = [("lf", np.intp), ("vote", statistics.vote.dtype)]
        self.symbols_ = np.empty(len(statistics.lf), dtype=fields)
        self.symbols_["lf"], self.symbols_["vote"] = statistics.lf, statistics.vote
        self.classes_, self.class_prior_, self.mu_ = classes, prior, mu
        self._mu_eps = floor
        self.coverage_ = statistics.votes_per_lf / statistics.n_samples
        self._model_coverage = self.coverage_
        if anchored:
            # Mu no longer adds up to the rows' coverage, as Snorkel takes it to.
            said = np.bincount(statistics.lf, weights=mu @ prior, minlength=statistics.n_lfs)
            self._model_coverage = said.astype(np.float64)
        self.n_iter_ = len(result.loss_curve)
        self.loss_, self.loss_curve_ = result.loss, result.loss_curve
        self.converged_ = result.converged
        if result.converged is False:
            warn_user(
                f"The loss still changed by more than tol={self.tol:g} of its start after "
                f"{self.n_iter_} epochs; raise n_epochs, lr or tol.",
                ConvergenceWarning,
            )


def anchor(
    mu: NDArray[np.float64],
    gold_counts: NDArray[np.float64],
    gold_rows: NDArray[np.float64],
    strength: float = ANCHOR_ROWS,
) -> NDArray[np.float64]:
    """Posterior mean of the labelled rows' counts under a Dirichlet prior centred on mu.

    Parameters
    ----------
    mu, gold_counts : ndarray of shape (n_symbols, n_classes)
    gold_rows : ndarray of shape (n_classes,)
        Labelled rows of each class.
    strength : float, default=30
        Rows that mu counts for.
    """
    return (gold_counts + strength * mu) / (gold_rows + strength)


def _precision_per_lf(prec_init: Any, n_lfs: int) -> NDArray[np.float64]:
    try:
        precision = np.asarray(prec_init, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise ValueError(f"prec_init holds something that is no number: {error}.") from None
    if precision.ndim == 0:
        return np.full(n_lfs, float(precision))
    if precision.shape != (n_lfs,):
        raise ValueError(
            f"prec_init has shape {precision.shape}; it must be one number, or one for each of the "
            f"{n_lfs} LFs."
        )
    outside = np.flatnonzero(~((precision >= 0) & (precision <= 1)))
    if len(outside):
        raise ValueError(
            f"prec_init of LF {outside[0]} is {precision[outside[0]]}; a precision is in [0, 1]."
        )
    return precision


def _random_state(random_state: Any) -> np.random.RandomState:
    """As scikit-learn's, but None draws from a generator of its own, not from NumPy's global one."""
    return np.random.RandomState() if random_state is None else check_random_state(random_state)
