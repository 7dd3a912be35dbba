"""LabelModelClassifier: Snorkel's label model as a scikit-learn estimator."""

from __future__ import annotations

import copy
from collections.abc import Hashable, Iterable, Mapping, Sequence
from functools import partial
from numbers import Integral, Real
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils._param_validation import Interval, StrOptions

from .._evidence.model import ClassPrior, Dependence, History, VoteModel, uniform_prior
from .._evidence.table import VoteTable, least_probability, one_coin, precision_per_lf
from .._evidence.told import counted_prior, declared, given_prior, named_pairs, resolve_pairs
from .._learning.torch_steps import SCHEDULERS
from .._utils import warn_user
from .base import BaseLabelModel, Learner
from .docs import documented

# What fit alone needs is imported by it: to import the package, unpickle and predict shall be quick.
if TYPE_CHECKING:
    from .._learning.observed import Observed
    from .._utils.types import ClassBalance, Marker, Precisions, ScoreColumns, VoteMeanings

START_DECIDES = "the start (prec_init) decides"
# Steps before copies are first looked for, and what rows' votes are tempered by until they are weighed.
TRIAL_STEPS, E_STEP_TEMPERING = 2, 0.25


@documented
class LabelModelClassifier(BaseLabelModel):
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
    prec_init : float, array-like of shape (n_lfs,), or Series or dict of LF to precision, default=0.7
        Precision in [0, 1] that every LF, or each, is taken to have before training.
    init : {"precision", "snorkel"}, default="precision"
        Start of training. "precision": the full table of probabilities that prec_init implies. "snorkel":
        Snorkel's, random in scale; together with ``optimizer_params={"momentum": 0.9}`` and
        ``random_state=seed`` it reproduces Snorkel's LabelModel.
    mu_eps : float, default=None
        Every conditional probability is clipped to [mu_eps, 1 - mu_eps], in (0, 0.5). None means 0.01, or less
        for more than 100 rows: the power of ten below 1 / n_samples.
    class_balance : array-like of shape (n_classes,), dict of class to share, or "estimate", default=None
        P(Y), positive and adding up to 1. Where it is given and n_em_steps is not 0, the probabilities of all rows add
        up to nearly these shares; a rare class may still be the most probable one of fewer rows. Where all votes are
        for one class, a dict says which others there are.
        None: from the gold labels, else uniform. "estimate": from the votes, where gold labels that anchor do not say
        it; LFs that only ever vote for one class do not tell it (a warning says so).
    {{parameter classes}}
    {{parameter abstain}}
    {{parameter scores}}
    {{parameter vote_meanings}}
    gold : {"anchor", "prior", "ignore"}, default="anchor"
        What labelled rows of y are for. "anchor": they say how frequent the classes are, and correct mu. The trained mu
        counts as 30 labelled rows of each class, or as many as hold ten votes of a symbol; the labelled rows are added.
        Rows without votes follow the labels of such rows (unless n_em_steps is 0). "prior": they say how frequent
        the classes are, as Snorkel's Y_dev. "ignore": y only names the classes.
    n_em_steps : int, default=5
        Steps of expectation maximisation that read, from whole rows, what votes say besides mu; twice as many where
        copies are looked for. 0, and ``init="snorkel"``: mu and the class prior alone say it.
    tempering : float, default=0.5
        In [0, 1]. What a row's n votes and the class prior say together is divided by n ** tempering, since LFs err
        together. 0, and ``init="snorkel"``: votes add up as if LFs erred independently, and probabilities are the more
        extreme. Else scores have an exponent of their own, by how far they vary together.
    dependencies : list of pairs of LFs, "auto" or None, default="auto"
        LFs, by name or column (by name where names are numbers), that copy each other or share their source: training
        leaves out how often they agree, and where they agree they count as one. "auto" finds them, where n_em_steps is
        not 0: votes of LFs that agree more than their accuracies explain weigh less. None: every vote counts in full.
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
    {{attribute vote_model_}}
    {{attribute score_bins_}}
    mu_ : ndarray of shape (n_symbols, n_classes)
        P(symbol | Y), trained under class_prior_, or where nothing tells that under the shares that the votes tell.
    vote_evidence_ : ndarray of shape (n_symbols, n_classes)
        What each vote says: the logarithm of mu_, or of its geometric mean with the table that was read from rows.
        With class_balance given, the vote of an LF that only ever votes for one class is compared with its silence.
    vote_weights_ : ndarray of shape (n_symbols,)
        How much each vote counts, in (0, 1]: less than 1 where "auto" finds that its LF repeats others.
    voted_prior_ : ndarray of shape (n_classes,)
        Prior of a row with a vote. EM learns it where the class prior is unknown. Where that is known, it is chosen
        so that the probabilities of rows with votes add up to nearly the known shares; these shares in it are
        tempered together with the votes. So is what the silence of LFs that only ever vote for one class says, which is
        part of it where class_balance is given.
    voteless_prior_ : ndarray of shape (n_classes,)
        P(Y | the row has no vote): class_prior_, moved by gold labels of such rows; class_prior_ counts for ten.
    dependencies_ : list of pairs of LFs
        Those declared, or near-duplicates found.
    {{attribute conditional_probs_}}
    n_iter_ : int
        Epochs trained.
    loss_, loss_curve_ : float, ndarray of shape (n_iter_,)
        The loss of the trained mu, and the loss that each epoch started from.
    converged_ : bool or None
        Whether tol was reached; None without tol. (Of training that diverged, a warning and the report tell.)
    {{attribute report_}}

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

    _parameter_constraints = {
        **BaseLabelModel._parameter_constraints,
        "n_epochs": [Interval(Integral, 0, None, closed="left")],
        "lr": [Interval(Real, 0, None, closed="neither")],
        "l2": [Interval(Real, 0, None, closed="left")],
        "optimizer": [str, type],
        "optimizer_params": [dict, None],
        "lr_scheduler": [StrOptions(set(SCHEDULERS))],
        "lr_scheduler_params": [dict, None],
        "prec_init": [Interval(Real, 0, 1, closed="both"), "array-like", Mapping],
        "init": [StrOptions({"precision", "snorkel"})],
        "mu_eps": [Interval(Real, 0, 0.5, closed="neither"), None],
        "class_balance": ["array-like", Mapping, StrOptions({"estimate"}), None],
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
        optimizer_params: dict[str, object] | None = None,
        lr_scheduler: str = "constant",
        lr_scheduler_params: dict[str, object] | None = None,
        prec_init: Precisions = 0.7,
        init: str = "precision",
        mu_eps: float | None = None,
        class_balance: ClassBalance | None = None,
        classes: Iterable[Hashable] | None = None,
        abstain: Marker = -1,
        scores: ScoreColumns | None = None,
        vote_meanings: VoteMeanings | None = None,
        gold: str = "anchor",
        n_em_steps: int = 5,
        tempering: float = 0.5,
        dependencies: Sequence[tuple[Hashable, Hashable]] | str | None = "auto",
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
        self.scores = scores
        self.vote_meanings = vote_meanings
        self.gold = gold
        self.n_em_steps = n_em_steps
        self.tempering = tempering
        self.dependencies = dependencies
        self.tol = tol
        self.random_state = random_state
        self.device = device
        self.verbose = verbose
        self.log_freq = log_freq

    _capabilities = frozenset({"declare dependencies", "estimate a prior", "heed a prior"})
    _by_pairs = True

    # Fitting --------------------------------------------------------------------------------------

    def _assume(self, observed: Observed, prior: ClassPrior | None = None) -> VoteModel:
        lf, balance = observed.lf, self.class_balance
        if prior is None:
            prior = uniform_prior(len(observed.classes))
            if balance is not None and not isinstance(balance, str):
                prior = given_prior(balance, observed.classes)
            elif balance is None and self.gold == "prior" and observed.gold.rows.any():
                prior = counted_prior(observed.gold, observed.classes)
        if isinstance(self.prec_init, float):
            precision = np.full(observed.n_lfs, self.prec_init)
        else:
            precision = precision_per_lf(self.prec_init, observed.n_lfs, observed.names)
        each, joint = precision[lf], ~observed.has_choice
        table = one_coin(observed.meaning, each, observed.frequency, prior.of_all, joint[lf])
        dependence = Dependence(np.ones(len(lf)))
        if self.dependencies is not None and not isinstance(self.dependencies, str):
            pairs = resolve_pairs(self.dependencies, observed.n_lfs, observed.names)
            dependence = declared(pairs, lf, observed.vote, observed.n_lfs)
        eps = least_probability(observed.n_samples) if self.mu_eps is None else self.mu_eps
        return VoteModel(
            classes=observed.classes,
            table=VoteTable(lf, observed.vote, np.log(table), joint),
            prior=prior,
            dependence=dependence,
            tempering=0.0,
            offsets=np.zeros(len(observed.classes)),
            mu=table,
            mu_eps=float(eps),
            coverage=observed.coverage,
            accuracies=precision,
        )

    def _recipe(self, observed: Observed, assumed: VoteModel) -> list[Learner]:
        from .._learning.completion import believe_mu, complete_pairs
        from .._learning.em import em, judge_lfs, mean_with_mu, take_learned_prior, weigh_copies
        from .._learning.gold import count_gold, tell_prior
        from .._learning.scores import doubt_scores, temper_scores
        from .._learning.shares import confirm, match_shares

        anchored, known = observed.anchored, assumed.prior.known
        plain, estimate = self.init == "snorkel", isinstance(self.class_balance, str)
        reads = not plain and self.n_em_steps > 0
        tempering = 0.0 if plain else float(self.tempering)
        # What whole rows tell: their table, the prior of rows with votes, and copies.
        learn = partial(em, n_steps=self.n_em_steps or TRIAL_STEPS)
        reading: list[Learner] = [partial(learn, tempering=E_STEP_TEMPERING)]
        if isinstance(self.dependencies, str):
            trial = partial(em, n_steps=TRIAL_STEPS, tempering=E_STEP_TEMPERING)
            reading = [partial(weigh_copies, trial=trial), learn, weigh_copies, learn]

        recipe = reading if not known and (reads or estimate) else []
        if anchored:
            recipe = [*recipe, tell_prior]
        elif estimate:
            recipe = [*recipe, take_learned_prior]
        if recipe and (anchored or not reads):
            recipe = [*recipe, self._start_anew]
        if reads and (known or anchored):
            recipe = recipe + reading

        recipe = [*recipe, partial(complete_pairs, settings=self)]
        recipe += [doubt_scores] if self.scores is not None else []
        recipe += [count_gold] if anchored else []
        if not reads:
            return [*recipe, partial(believe_mu, tempering=tempering)]

        # From mu and the rows' table to what votes say together, with shares that are known or given.
        given = assumed.prior.source == "given" and not anchored
        recipe += [partial(confirm, tempering=tempering)] if given else []
        recipe += [judge_lfs, partial(mean_with_mu, tempering=tempering)]
        if self.scores is not None:
            recipe += [partial(temper_scores, independent=tempering == 0)]
        return recipe + ([partial(match_shares, silence=given)] if known or anchored else [])

    def _start_anew(self, observed: Observed, model: VoteModel) -> VoteModel:
        """Forget all that was learned but the class prior."""
        return self._assume(observed, model.prior)

    def _warn_unidentified(self, observed: Observed) -> None:
        from .._learning.observed import warn_unidentified

        warn_unidentified(observed, START_DECIDES)

    def _warn(self, observed: Observed, learned: VoteModel) -> None:
        from .._learning.observed import warn_unidentified_prior

        estimate = isinstance(self.class_balance, str) and not observed.anchored
        if estimate and len(observed.classes) > 1:
            warn_unidentified_prior(observed.identified)
        history = learned.history
        if history is not None and history.diverged:
            warn_user(
                f"Training diverged: the loss rose from {history.curve[0]:.3g} to {history.last:.3g}. "
                f"Lower lr (it is {self.lr:g}), or the momentum in optimizer_params.",
                ConvergenceWarning,
            )
        elif history is not None and history.converged is False:
            warn_user(
                f"The loss still changed by more than tol={self.tol:g} of its start after "
                f"{len(history.curve)} epochs; raise n_epochs, lr or tol.",
                ConvergenceWarning,
            )
        if self.verbose:
            from ..inspection._report.report import warn_of_inverted

            fitted = copy.copy(self)
            fitted._keep(observed, learned)
            warn_of_inverted(fitted)

    # What a fit learned ---------------------------------------------------------------------------

    @property
    def vote_evidence_(self) -> NDArray[np.float64]:
        """What each vote says, shape (n_symbols, n_classes)."""
        return self.vote_model_.table.log_p

    @property
    def vote_weights_(self) -> NDArray[np.float64]:
        """How much each vote counts, shape (n_symbols,)."""
        return self.vote_model_.dependence.weight

    @property
    def voted_prior_(self) -> NDArray[np.float64]:
        """Prior of a row with a vote, shape (n_classes,)."""
        model = self.vote_model_
        scores = np.log(model.prior.of_voted) + model.offsets
        shares = np.exp(scores - scores.max())
        return np.asarray(shares / shares.sum())

    @property
    def voteless_prior_(self) -> NDArray[np.float64]:
        """Prior of a row without a vote, shape (n_classes,)."""
        return self.vote_model_.prior.of_voteless

    @property
    def dependencies_(self) -> list[tuple[Hashable, Hashable]]:
        """Pairs of LFs that copy each other: those declared, or near-duplicates found."""
        names = getattr(self, "feature_names_in_", None)
        return named_pairs(self.vote_model_.dependence.pairs, names)

    @property
    def n_iter_(self) -> int:
        """Epochs trained."""
        return len(self.loss_curve_)

    @property
    def loss_(self) -> float:
        """The loss of the trained mu."""
        return self._history.last

    @property
    def loss_curve_(self) -> NDArray[np.float64]:
        """The loss that each epoch started from, shape (n_iter,)."""
        return self._history.curve

    @property
    def converged_(self) -> bool | None:
        """Whether tol was reached; None without tol."""
        return self._history.converged

    @property
    def _history(self) -> History:
        history = self.vote_model_.history
        if history is None:
            raise AttributeError("This label model was not trained.")
        return history
