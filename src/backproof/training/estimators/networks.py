"""Networks with hidden layers, for classes and for numbers."""

from __future__ import annotations

import copy
import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import MultiOutputMixin, RegressorMixin
from sklearn.model_selection import train_test_split
from sklearn.utils import check_random_state
from sklearn.utils.validation import validate_data

from backproof import nn, optim
from backproof.training.api import fit
from backproof.training.data.arguments import number, share_alone, whole
from backproof.training.estimators.base import (
    FLOATS,
    Classifier,
    Estimator,
    OptimizerLike,
    made_optimizer,
    warn_unfinished,
)
from backproof.training.estimators.descent import groups
from backproof.training.models import network
from backproof.training.parts import loss_named
from backproof.training.stopping import EarlyStopping

__all__ = ["MLPClassifier", "MLPRegressor"]

#: Samples a batch where it is "auto", at most; as in scikit-learn.
_BATCH = 200


class _MLP(Estimator):
    """A network of linear layers with an activation behind each hidden one."""

    #: The loss where none is given.
    _loss = ""
    optimizer_: optim.Optimizer

    def __init__(
        self,
        hidden_layer_sizes: int | Sequence[int] = (100,),
        activation: str = "relu",
        *,
        loss: Any = None,
        optimizer: OptimizerLike = "adam",
        alpha: float = 0.0001,
        batch_size: int | str = "auto",
        learning_rate_init: float | None = None,
        max_iter: int = 200,
        shuffle: bool = True,
        random_state: Any = None,
        tol: float = 1e-4,
        verbose: bool = False,
        warm_start: bool = False,
        early_stopping: bool = False,
        validation_fraction: float = 0.1,
        n_iter_no_change: int = 10,
    ) -> None:
        self.hidden_layer_sizes = hidden_layer_sizes
        self.activation = activation
        self.loss = loss
        self.optimizer = optimizer
        self.alpha = alpha
        self.batch_size = batch_size
        self.learning_rate_init = learning_rate_init
        self.max_iter = max_iter
        self.shuffle = shuffle
        self.random_state = random_state
        self.tol = tol
        self.verbose = verbose
        self.warm_start = warm_start
        self.early_stopping = early_stopping
        self.validation_fraction = validation_fraction
        self.n_iter_no_change = n_iter_no_change

    @property
    def coefs_(self) -> list[NDArray[Any]]:
        """The weights of the layers, each (in, out) as in scikit-learn."""
        return [layer.weight.T for layer in self.model_ if isinstance(layer, nn.Linear)]

    @property
    def intercepts_(self) -> list[NDArray[Any]]:
        """The biases of the layers."""
        return [layer.bias for layer in self.model_ if isinstance(layer, nn.Linear)]

    @property
    def _goes_on(self) -> bool:
        """Whether fit goes on with the parameters of the last one, and so with its features and outputs."""
        return bool(self.warm_start and hasattr(self, "model_"))

    def _require_numbers(self) -> None:
        """Refuse parameters that are out of their range."""
        name = type(self).__name__
        number(name, 0, alpha=self.alpha, tol=self.tol)
        whole(name, 1, max_iter=self.max_iter, n_iter_no_change=self.n_iter_no_change)
        share_alone(name, validation_fraction=self.validation_fraction)
        sizes = {f"hidden_layer_sizes[{place}]": size for place, size in enumerate(self._hidden)}
        whole(name, 1, **sizes)

    @property
    def _hidden(self) -> Sequence[int]:
        """The sizes of the hidden layers; a number is that of the only one."""
        sizes = self.hidden_layer_sizes
        return sizes if isinstance(sizes, Sequence | np.ndarray) else [sizes]

    def _fit(
        self, X: NDArray[Any], target: NDArray[Any], outputs: int, classes: NDArray[Any] | None
    ) -> NDArray[np.int64] | None:
        """Train until the loss falls no more; give the numbers of the samples that were held out."""
        seed = self._seed = int(check_random_state(self.random_state).randint(2**31 - 1))
        held = apart = None
        if self.early_stopping:
            kept, held = train_test_split(
                np.arange(len(X)), test_size=self.validation_fraction, random_state=seed, stratify=classes
            )
            apart = X[held], target[held]
            X, target = X[kept], target[kept]
        if not self._goes_on:
            self._start(X, outputs, seed)
        until = EarlyStopping(
            self.n_iter_no_change + 1,  # it ends after more than these, as in scikit-learn
            self.tol,
            "loss" if apart is None else "validation",
            restore_best=apart is not None,
        )
        self._run(X, target, self.max_iter, seed, validation=apart, callbacks=[until])
        if not self.history_.stopped or not math.isfinite(self.loss_curve_[-1]):
            warn_unfinished(self, self.history_, "the loss still falls; raise max_iter")
        return held

    def _start(self, X: NDArray[Any], outputs: int, seed: int) -> None:
        """Make the network and its optimizer."""
        self.model_ = network(X.shape[1], outputs, self._hidden, self.activation, seed=seed, dtype=X.dtype)
        named = dict(self.model_.named_parameters())
        decay = self.alpha / self._batch(len(X))
        decays = {name: decay for name in named if name.endswith("weight")}
        self.optimizer_ = made_optimizer(self.optimizer, groups(named, decays), self.learning_rate_init)

    def _go_on(self, X: NDArray[Any], target: NDArray[Any], outputs: int, first: bool) -> None:
        """Train one epoch more, in an order of its own."""
        if first:
            self._seed = int(check_random_state(self.random_state).randint(2**31 - 1))
            self._start(X, outputs, self._seed)
        before = None if first else self.history_
        self._run(X, target, 1, self._seed + len(before or ()))
        if before is not None:
            before.extend(self.history_)
            self._keep(self.model_, before)

    def _batch(self, count: int) -> int:
        """Give how many samples a batch has."""
        size = _BATCH if self.batch_size == "auto" else self.batch_size
        if not isinstance(size, int | np.integer) or size < 1:
            raise ValueError(
                "expected batch_size to be a whole number of at least 1, or 'auto'; "
                f"got batch_size={self.batch_size!r}"
            )
        return min(int(size), count)

    def _run(self, X: Any, target: Any, epochs: int, seed: int, **how: Any) -> None:
        given = self._loss if self.loss is None else self.loss
        history = fit(
            self.model_.train(),
            X,
            target,
            loss=loss_named(given) if isinstance(given, str) else copy.deepcopy(given),
            optimizer=self.optimizer_,
            epochs=epochs,
            batch_size=self._batch(len(X)),
            shuffle=self.shuffle,
            seed=seed,
            progress=self.verbose,
            watch=False,  # what an estimator has to say it says as scikit-learn's do
            **how,
        )
        self._keep(self.model_, history)


class MLPClassifier(Classifier, _MLP):
    """Classes by a network: a score for each class, of which the softmax makes probabilities.

    Parameters
    ----------
    hidden_layer_sizes
        The sizes of the hidden layers.
    activation
        The activation behind each of them: its name, such as ``"relu"``, ``"tanh"``, ``"gelu"``.
    loss
        What compares the scores with the indices of the classes: a name, or a loss; ``None`` for the
        cross-entropy.
    optimizer
        The optimizer: its name, or what makes one of groups of parameters, such as
        ``functools.partial(optim.SGD, lr=0.1, momentum=0.9)``, which has its own learning rate.
    alpha
        The L2 penalty: the loss of a batch of n samples has α/2n Σw² added, for all weights and no bias. It
        is the optimizer's weight decay, α/n; AdamW decays in its own way.
    batch_size
        Samples a batch; ``"auto"`` for 200, or all if there are fewer.
    learning_rate_init
        The learning rate of an optimizer that is named; ``None`` for its default, of Adam 0.001.
    max_iter
        How many epochs at most; if the loss still falls then, a ``ConvergenceWarning`` says so.
    shuffle
        Whether each epoch has an order of its own.
    random_state
        What the parameters and the orders are drawn from.
    tol, n_iter_no_change
        Training ends when the loss has not fallen by ``tol`` for so many epochs.
    verbose
        Whether to show how training goes.
    warm_start
        Whether `fit` goes on with the parameters of the last one, for data with the same features, and the
        same classes or number of targets.
    early_stopping, validation_fraction
        Whether that share of the samples is held apart: it is then the loss on these that has to fall, and
        the parameters of its least value are kept.

    Attributes
    ----------
    model_
        The network, a module of ``backproof.nn``.
    optimizer_
        The optimizer, with its state.
    coefs_, intercepts_
        The weights of the layers, (in, out) each, and their biases.
    history_, loss_curve_, n_iter_
        The history of the training, the losses without the penalty, and how many epochs there were.
    n_features_in_, feature_names_in_
        How many features there were, and their names where the data had some.
    classes_
        The classes, sorted.

    Examples
    --------
    >>> X, y = [[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]], ["same", "other", "other", "same"]
    >>> model = MLPClassifier((16,), "tanh", learning_rate_init=0.05, max_iter=500, random_state=0)
    >>> model.fit(X, y).predict(X).tolist()
    ['same', 'other', 'other', 'same']
    """

    _loss = "CrossEntropyLoss"

    def fit(self, X: Any, y: Any) -> MLPClassifier:
        """Train: X is (samples, features), y the class of each sample."""
        self._require_numbers()
        given, goes_on = (X, y), self._goes_on
        X, y = validate_data(self, X, y, dtype=FLOATS, reset=not goes_on)
        indices = self._indices(y, known=goes_on)
        return self._trained_on(*given, self._fit(X, indices, len(self.classes_), indices))

    def partial_fit(self, X: Any, y: Any, classes: Any = None) -> MLPClassifier:
        """Train one epoch more; the first time ``classes`` are all there are to be.

        Raises
        ------
        ValueError
            If the first call does not say what classes there are, a later one says others, or a sample is of
            another one.
        """
        self._require_numbers()
        given, first = (X, y), not hasattr(self, "model_")
        X, y = validate_data(self, X, y, dtype=FLOATS, reset=first)
        if first and classes is None:
            raise ValueError("the first partial_fit needs classes=…, all that there are to be; got None")
        if classes is not None:
            self._indices(np.asarray(classes), known=not first)
        unknown = np.setdiff1d(y, self.classes_)
        if len(unknown):
            raise ValueError(f"expected classes of {self.classes_.tolist()}; got y with {unknown.tolist()}")
        self._go_on(X, np.searchsorted(self.classes_, y), len(self.classes_), first)
        return self._trained_on(*given)


class MLPRegressor(RegressorMixin, MultiOutputMixin, _MLP):  # type: ignore[misc]  # as above
    """Numbers by a network.

    The parameters and attributes are those of `MLPClassifier`, but for the classes, and for ``loss``: what
    compares predictions with targets, by default the mean squared error; ``"huber"`` and ``"l1"`` mind
    outliers less, ``"poisson"`` is for counts of which the logarithm is predicted.

    Features and targets should be of the order of 1: put a ``StandardScaler`` before it, and for targets
    ``sklearn.compose.TransformedTargetRegressor`` around it.

    Examples
    --------
    >>> X = np.linspace(-2, 2, 40)[:, None]
    >>> model = MLPRegressor((32,), "tanh", learning_rate_init=0.01, max_iter=1000, random_state=0)
    >>> model.fit(X, X[:, 0] ** 2).score(X, X[:, 0] ** 2) > 0.99
    True
    """

    _loss = "MSELoss"

    def fit(self, X: Any, y: Any) -> MLPRegressor:
        """Train: X is (samples, features), y (samples,) or (samples, targets)."""
        self._require_numbers()
        given, goes_on = (X, y), self._goes_on
        X, target = self._pair(X, y, reset=not goes_on)
        return self._trained_on(*given, self._fit(X, target, target.shape[1], None))

    def partial_fit(self, X: Any, y: Any) -> MLPRegressor:
        """Train one epoch more."""
        self._require_numbers()
        given, first = (X, y), not hasattr(self, "model_")
        X, target = self._pair(X, y, reset=first)
        self._go_on(X, target, target.shape[1], first)
        return self._trained_on(*given)

    def _pair(self, X: Any, y: Any, *, reset: bool) -> tuple[NDArray[Any], NDArray[Any]]:
        X, y = validate_data(self, X, y, dtype=FLOATS, multi_output=True, y_numeric=True, reset=reset)
        target = np.asarray(y, X.dtype).reshape(len(y), -1)
        if not reset and target.shape[1] != self.model_[-1].out_features:
            raise ValueError(
                f"MLPRegressor goes on with {self.model_[-1].out_features} targets; got y of shape {y.shape}:"
                " take a new one for others"
            )
        self._single = y.ndim == 1
        return X, target

    def predict(self, X: Any) -> NDArray[Any]:
        """Give the predictions for X: (samples,), or (samples, targets) if y had two axes."""
        output = self._output(X)
        return output[:, 0] if self._single else output
