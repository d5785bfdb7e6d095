"""Linear models, by gradient descent that arrives where closed forms and other solvers do."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from sklearn.base import MultiOutputMixin, RegressorMixin
from sklearn.exceptions import ConvergenceWarning
from sklearn.preprocessing import StandardScaler
from sklearn.utils.validation import validate_data

from backproof import nn
from backproof.training.api import fit
from backproof.training.data.arguments import number, whole
from backproof.training.estimators.base import (
    FLOATS,
    Classifier,
    Estimator,
    OptimizerLike,
    made_optimizer,
    warn_unfinished,
)
from backproof.training.estimators.descent import (
    Curvature,
    Least,
    UntilFlat,
    groups,
    least_of_both,
    spread,
    variances,
)
from backproof.training.history import History
from backproof.training.separation import separable
from backproof.training.watching.troubles import warn

__all__ = ["LinearRegression", "LogisticRegression"]

#: The least curvature by the largest, where it has no bound.
_UNBOUNDED = 1e-4


class _Linear(Estimator):
    """A linear layer, trained on all samples at once until the gradient is nearly zero."""

    coef_: NDArray[Any]
    intercept_: Any

    def __init__(
        self,
        *,
        fit_intercept: bool = True,
        tol: float = 1e-8,
        max_iter: int = 10_000,
        optimizer: OptimizerLike | None = None,
        learning_rate_init: float | None = None,
        verbose: bool = False,
    ) -> None:
        self.fit_intercept = fit_intercept
        self.tol = tol
        self.max_iter = max_iter
        self.optimizer = optimizer
        self.learning_rate_init = learning_rate_init
        self.verbose = verbose

    def _train(
        self,
        X: Any,
        y: Any,
        loss: Any,
        outputs: int,
        curvature: Curvature,
        least: Least,
        decay: float = 0.0,
    ) -> tuple[nn.Linear, History, bool]:
        """Train a layer from zeros on; give it, the history, and whether it arrived."""
        if self.optimizer is None and self.learning_rate_init is not None:
            raise ValueError(
                "learning_rate_init goes with the name of an optimizer; got learning_rate_init="
                f"{self.learning_rate_init!r} and optimizer=None, whose rate is that of theory"
            )
        layer = nn.Linear(X.shape[1], outputs, bias=self.fit_intercept, dtype=np.float64)
        for parameter in layer.parameters():
            parameter.data[...] = 0
        decays: Mapping[str, float] = {"weight": decay}
        parameters = groups(dict(layer.named_parameters()), decays)
        optimizer = (
            curvature.descent(parameters)
            if self.optimizer is None
            else made_optimizer(self.optimizer, parameters, self.learning_rate_init)
        )
        until = UntilFlat(self.tol, least, decays)
        history = fit(
            layer,
            X,
            y,
            loss=loss,
            optimizer=optimizer,
            epochs=self.max_iter,
            batch_size=None,
            callbacks=[until],
            progress=self.verbose,
            watch=False,  # the data is standardised, and the learning rate that of theory
        )
        return layer, history, until.arrived

    def _require_numbers(self) -> None:
        """Refuse parameters that are out of their range."""
        number(type(self).__name__, 0, tol=self.tol)
        whole(type(self).__name__, 1, max_iter=self.max_iter)

    def _keep_layer(self, weight: Any, bias: Any, dtype: Any, history: History) -> None:
        """Keep the weight (out, in) and the bias (out,) for the data as it is."""
        outputs, features = weight.shape
        layer = nn.Linear(features, outputs, bias=self.fit_intercept, dtype=dtype)
        layer.weight[...] = weight
        if self.fit_intercept:
            layer.bias[...] = bias
        self.coef_ = layer.weight.copy()
        self.intercept_ = layer.bias.copy() if self.fit_intercept else np.zeros(outputs, dtype)
        self._keep(nn.Sequential(layer), history)


class LinearRegression(RegressorMixin, MultiOutputMixin, _Linear):  # type: ignore[misc]  # as above
    r"""Least squares by gradient descent: the line, or plane, with the least mean squared error.

    It arrives at the solution of the normal equations. For that, features and targets are standardised
    inside; the mean squared error then has curvatures of 2 λ, with λ the variances along the principal
    axes, and Nesterov's momentum is chosen by the least and the largest of them. All samples make each
    step. It stops when ‖∇‖ ≤ tol · 2 λ_min: then the coefficients are within ``tol`` of the solution, in
    standardised units (a gradient cannot get smaller than rounding lets it; where that is reached before,
    training stops too). Where features depend on each other, and there are many solutions, it is that
    with the smallest standardised coefficients.

    It needs about √(λ_max/λ_min) · log(1/tol) steps, and the variances as much work as the closed form: it is
    for seeing gradient descent arrive, and for trying optimizers on it.

    Parameters
    ----------
    fit_intercept
        Whether there is an intercept.
    tol
        How near the solution the coefficients have to be.
    max_iter
        How many steps at most; more than these would be needed, says a ``ConvergenceWarning``.
    optimizer
        Another optimizer: its name, such as ``"adam"``, or what makes one of groups of parameters, such as
        ``functools.partial(optim.SGD, lr=0.1)``. It stops by the same rule.
    learning_rate_init
        The learning rate of an optimizer that is named; ``None`` for its default.
    verbose
        Whether to show how training goes.

    Attributes
    ----------
    coef_
        The coefficients: an array (features,), or (targets, features) if y has two axes.
    intercept_
        The intercept: a number, or one for each target.
    model_
        The layer with these, a module of ``backproof.nn``.
    history_
        The history of the training, with the loss in standardised units: at the end it is 1 − R².
    loss_curve_, n_iter_
        The losses of it, and how many steps there were.
    n_features_in_, feature_names_in_
        How many features there were, and their names where the data had some.

    Examples
    --------
    >>> import numpy as np
    >>> X, y = np.array([[3, 8], [4, 5], [5, 7], [6, 3], [2, 1]]), [-3.7, 3.5, 2.5, 11.5, 5.7]
    >>> plane = LinearRegression().fit(X, y)
    >>> plane.predict([[3, 2]]).round(5)
    array([6.30025])
    >>> plane.score(X, y) > 0.99
    True
    """

    def fit(self, X: Any, y: Any) -> LinearRegression:
        """Find the coefficients: X is (samples, features), y (samples,) or (samples, targets)."""
        self._require_numbers()
        given = X, y
        X, y = validate_data(self, X, y, dtype=FLOATS, multi_output=True, y_numeric=True)
        dtype, single = X.dtype, y.ndim == 1
        X, y = X.astype(np.float64), np.asarray(y, np.float64).reshape(len(y), -1)
        scalers = [_scaler(each, self.fit_intercept) for each in (X, y)]
        inner, target = (scaler.transform(each) for scaler, each in zip(scalers, (X, y), strict=True))
        axes = [*variances(inner), *([1.0] if self.fit_intercept else [])] or [1.0]
        each = 2 / y.shape[1]  # the mean is over the targets, too
        curvature = Curvature(each * max(axes), min(axes) / max(axes))
        layer, history, arrived = self._train(
            inner, target, nn.MSELoss(), y.shape[1], curvature, lambda _: each * min(axes)
        )
        if not arrived:
            warn_unfinished(
                self,
                history,
                "not yet at the solution; raise max_iter, or leave out features that are nearly "
                "combinations of others",
            )
        weight = layer.weight * scalers[1].scale_[:, None] / scalers[0].scale_
        bias = 0.0
        if self.fit_intercept:
            bias = scalers[1].mean_ + layer.bias * scalers[1].scale_ - weight @ scalers[0].mean_
        self._keep_layer(weight, bias, dtype, history)
        if single:
            self.coef_, self.intercept_ = self.coef_[0], self.intercept_[0]
        self._single = single
        return self._trained_on(*given)

    def predict(self, X: Any) -> NDArray[Any]:
        """Give the predictions for X: (samples,), or (samples, targets) if y had two axes."""
        output = self._output(X)
        return output[:, 0] if self._single else output


def _scaler(array: NDArray[np.float64], has_mean: bool) -> StandardScaler:
    """Learn how columns are standardised."""
    scaler = StandardScaler(with_mean=has_mean).fit(array)
    _require_held(scaler.var_[array.min(axis=0) != array.max(axis=0)])
    return scaler


def _require_held(variances: NDArray[np.float64]) -> None:
    """Refuse variances, of what varies, that are not known to all digits.

    Raises
    ------
    ValueError
        If one is no number, or so small that its digits are lost.
    """
    lost = variances[~((variances >= np.finfo(np.float64).tiny) & (variances < np.inf))]
    if len(lost):
        raise ValueError(
            f"columns are standardised inside, and the variance of one, {lost[0]:.0e}, is beyond what "
            "float64 holds: multiply or divide it by a number before"
        )


class LogisticRegression(Classifier, _Linear):
    r"""Classes by a linear score: the coefficients with the greatest likelihood, less a penalty.

    What is minimised is scikit-learn's: C Σ loss + ½ ‖w‖², divided by C n. The loss is the binary
    cross-entropy of one score for two classes, and the cross-entropy of a score for each for more; the
    penalty is the optimizer's weight decay, 1/(C n), on the weights and not on the intercept.

    Inside, features are centred and divided by one number, their largest standard deviation along any
    axis, which changes neither. The loss then has curvatures of at most L = ¼ (of several classes, ½), to
    which the penalty adds λ for the coefficients: their steps are 1/(L + λ), those of the intercept 1/L. All
    samples make each step, and Nesterov's momentum is chosen by λ and the shares of the classes. It stops
    when ‖∇‖ ≤ tol · μ, with μ = λ w/(λ + L + w): then coefficients and intercept are within ``tol`` of the
    minimum, for features divided so. Of the intercept, which has no penalty, w is the curvature: the mean of
    p(1 − p) for the probabilities p it has come to. Without an intercept μ is λ. Features of very different
    sizes need many steps: put a ``StandardScaler`` before it, as before scikit-learn's.

    **Without a penalty** nothing bounds the curvatures from below, and μ is taken to be a ten-thousandth of
    the largest. If a plane separates the classes there is no minimum: the longer the coefficients, the
    smaller the loss. Training then stops by the same rule, for the gradient gets small on the way, or at
    ``max_iter``, and a ``ConvergenceWarning`` says that the classes are separable. How long the coefficients
    are, and so how sure the probabilities, is then a matter of when it stopped; on which side of the plane a
    sample lies is not.

    Parameters
    ----------
    penalty
        ``"l2"`` or ``None``.
    C
        How little the penalty counts.
    fit_intercept, tol, max_iter, optimizer, learning_rate_init, verbose
        As for `LinearRegression`. An optimizer that decays weights by itself, such as AdamW, decays them
        in its way, and arrives elsewhere.

    Attributes
    ----------
    classes_
        The classes, sorted.
    coef_
        The coefficients, (1, features) for two classes, else (classes, features).
    intercept_
        The intercepts, (1,) or (classes,).
    model_
        The layer with these, a module of ``backproof.nn``.
    history_, loss_curve_, n_iter_
        The history of the training, with the loss without the penalty; its losses; how many steps there were.
    n_features_in_, feature_names_in_
        How many features there were, and their names where the data had some.

    Examples
    --------
    >>> import numpy as np
    >>> X, y = np.array([[1.0], [2.0], [3.0], [4.0]]), np.array(["no", "no", "yes", "yes"])
    >>> chance = LogisticRegression().fit(X, y)
    >>> chance.predict([[0.0], [5.0]]).tolist(), chance.predict_proba([[2.5]]).round(3).tolist()
    (['no', 'yes'], [[0.5, 0.5]])
    """

    def __init__(
        self,
        penalty: Literal["l2"] | None = "l2",
        *,
        C: float = 1.0,
        fit_intercept: bool = True,
        tol: float = 1e-6,
        max_iter: int = 10_000,
        optimizer: OptimizerLike | None = None,
        learning_rate_init: float | None = None,
        verbose: bool = False,
    ) -> None:
        super().__init__(
            fit_intercept=fit_intercept,
            tol=tol,
            max_iter=max_iter,
            optimizer=optimizer,
            learning_rate_init=learning_rate_init,
            verbose=verbose,
        )
        self.penalty = penalty
        self.C = C

    def fit(self, X: Any, y: Any) -> LogisticRegression:
        """Find the coefficients: X is (samples, features), y (samples,)."""
        self._require_numbers()
        given = X, y
        X, y = validate_data(self, X, y, dtype=FLOATS)
        indices = self._indices(y)
        mean = X.mean(axis=0, dtype=np.float64) if self.fit_intercept else np.zeros(X.shape[1])
        inner = X.astype(np.float64) - mean
        if inner.any():
            _require_held(np.square(inner).mean(axis=0).max(axis=0, keepdims=True))
        scale = float(np.sqrt(max(variances(inner), default=1.0)))
        inner /= scale
        decay = self._decay(len(X), scale)
        curvature, least = self._bounds(inner, indices, decay)
        binary = len(self.classes_) == 2
        target = indices[:, None].astype(np.float64) if binary else indices
        loss = nn.BCEWithLogitsLoss() if binary else nn.CrossEntropyLoss()
        layer, history, arrived = self._train(
            inner, target, loss, 1 if binary else len(self.classes_), curvature, least, decay
        )
        weight = layer.weight / scale
        bias = layer.bias - weight @ mean if self.fit_intercept else 0.0
        self._keep_layer(weight, bias, X.dtype, history)
        outputs, classes = layer(inner), len(self.classes_)
        is_free = not decay and np.isfinite(outputs).all()
        if is_free and separable(inner, indices, classes, outputs, intercept=self.fit_intercept):
            self._warn_separable()
        elif not arrived:
            what = "not yet at the minimum; raise max_iter, or put a StandardScaler before it"
            warn_unfinished(self, history, what)
        return self._trained_on(*given)

    def _decay(self, count: int, scale: float) -> float:
        """Give the weight decay for features that are divided by a number."""
        if self.penalty not in ("l2", None):
            raise ValueError(f"expected penalty to be 'l2' or None; got penalty={self.penalty!r}")
        number("LogisticRegression", 0, above=True, C=self.C)
        decay = 0.0 if self.penalty is None else 1 / float(self.C) / count / scale**2
        if not np.isfinite(decay):
            raise ValueError(f"the penalty of C={self.C!r} is beyond what float64 holds: take a larger C")
        return decay

    def _bounds(
        self, X: NDArray[np.float64], indices: NDArray[np.int64], decay: float
    ) -> tuple[Curvature, Least]:
        """Give what bounds the curvatures: from the shares of the classes, and at given parameters."""
        binary = len(self.classes_) == 2
        most = 0.25 if binary else 0.5
        if not decay:
            return Curvature(most, _UNBOUNDED), lambda _: most * _UNBOUNDED
        share = decay / (most + decay)
        if not self.fit_intercept:
            return Curvature(most, share), lambda _: decay
        probabilities = nn.Sigmoid() if binary else nn.Softmax(dim=1)

        def least(parameters: Mapping[str, NDArray[Any]]) -> float:
            scores = X @ parameters["weight"].T + parameters["bias"]
            return least_of_both(decay, spread(probabilities(scores)), most)

        shares = np.bincount(indices)[None] / len(X)
        return Curvature(most, min(share, spread(shares[:, 1:] if binary else shares) / most)), least

    def _warn_separable(self) -> None:
        """Say that there is no minimum."""
        warn(
            "LogisticRegression without a penalty: the classes are separable, so longer coefficients are "
            f"always more likely; stopped after {self.n_iter_} steps, at a loss of "
            f"{self.loss_curve_[-1]:.2g}. Give a penalty for coefficients that mean something",
            ConvergenceWarning,
        )
