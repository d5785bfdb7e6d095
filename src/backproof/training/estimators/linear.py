"""Linear models, by gradient descent that arrives where closed forms and other solvers do."""

from __future__ import annotations

import warnings
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
from backproof.training.estimators.base import (
    FLOATS,
    Classifier,
    Estimator,
    OptimizerLike,
    made_optimizer,
    warn_unfinished,
)
from backproof.training.estimators.descent import Curvature, UntilFlat, groups, variances
from backproof.training.history import History

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
        self, X: Any, y: Any, loss: Any, outputs: int, curvature: Curvature, decay: float = 0.0
    ) -> tuple[nn.Linear, History, bool]:
        """Train a layer from zeros on; give it, the history, and whether it arrived."""
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
        until = UntilFlat(curvature.flat(self.tol), decays)
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
        X, y = validate_data(self, X, y, dtype=FLOATS, multi_output=True, y_numeric=True)
        dtype, single = X.dtype, y.ndim == 1
        X, y = X.astype(np.float64), np.asarray(y, np.float64).reshape(len(y), -1)
        scalers = [StandardScaler(with_mean=self.fit_intercept).fit(each) for each in (X, y)]
        if not all(np.isfinite(scaler.scale_).all() for scaler in scalers):
            raise ValueError(
                "LinearRegression standardises X and y, and the variance of some column is beyond what "
                "float64 holds: divide it by a number before"
            )
        inner, target = (scaler.transform(each) for scaler, each in zip(scalers, (X, y), strict=True))
        axes = [*variances(inner), *([1.0] if self.fit_intercept else [])] or [1.0]
        each = 2 / y.shape[1]  # the mean is over the targets, too
        curvature = Curvature(each * min(axes), each * max(axes))
        layer, history, arrived = self._train(inner, target, nn.MSELoss(), y.shape[1], curvature)
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
        return self

    def predict(self, X: Any) -> NDArray[Any]:
        """Give the predictions for X: (samples,), or (samples, targets) if y had two axes."""
        output = self._output(X)
        return output[:, 0] if self._single else output


class LogisticRegression(Classifier, _Linear):
    r"""Classes by a linear score: the coefficients with the greatest likelihood, less a penalty.

    What is minimised is scikit-learn's: C Σ loss + ½ ‖w‖², divided by C n. The loss is the binary
    cross-entropy of one score for two classes, and the cross-entropy of a score for each for more; the
    penalty is the optimizer's weight decay, 1/(C n), on the weights and not on the intercept.

    Inside, features are centred and divided by one number, their largest standard deviation along any
    axis, which changes neither. The losses then have curvatures of at most ¼ (of several classes, ½),
    to which the penalty adds, and Nesterov's momentum is chosen by these. All samples make each step. It
    stops when ‖∇‖ ≤ tol · μ, with μ the penalty's curvature: then coefficients are within ``tol`` of the
    minimum, for features divided so. Features of very different sizes need many steps: put a
    ``StandardScaler`` before it, as before scikit-learn's.

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
        X, y = validate_data(self, X, y, dtype=FLOATS)
        indices = self._indices(y)
        binary = len(self.classes_) == 2
        mean = X.mean(axis=0, dtype=np.float64) if self.fit_intercept else np.zeros(X.shape[1])
        inner = X.astype(np.float64) - mean
        scale = float(np.sqrt(max(variances(inner), default=1.0)))
        inner /= scale
        decay = self._decay(len(X), scale)
        most = 0.25 if binary else 0.5
        curvature = Curvature(decay or most * _UNBOUNDED, most + decay)
        target = indices[:, None].astype(np.float64) if binary else indices
        loss = nn.BCEWithLogitsLoss() if binary else nn.CrossEntropyLoss()
        layer, history, arrived = self._train(
            inner, target, loss, 1 if binary else len(self.classes_), curvature, decay
        )
        weight = layer.weight / scale
        self._keep_layer(weight, layer.bias - weight @ mean if self.fit_intercept else 0.0, X.dtype, history)
        self._warn(X, y, arrived, decay)
        return self

    def _decay(self, count: int, scale: float) -> float:
        """Give the weight decay for features that are divided by a number."""
        if self.penalty not in ("l2", None):
            raise ValueError(f"expected penalty to be 'l2' or None; got penalty={self.penalty!r}")
        if not self.C > 0:
            raise ValueError(f"expected C to be above 0; got C={self.C!r}")
        return 0.0 if self.penalty is None else 1 / (self.C * count * scale**2)

    def _warn(self, X: Any, y: Any, arrived: bool, decay: float) -> None:
        """Say where the coefficients are not at a minimum."""
        if not decay and self.score(X, y) == 1:
            warnings.warn(
                "LogisticRegression without a penalty: the classes are separable, so longer coefficients are "
                f"always more likely; stopped after {self.n_iter_} steps, at a loss of "
                f"{self.loss_curve_[-1]:.2g}. Give a penalty for coefficients that mean something",
                ConvergenceWarning,
                stacklevel=3,
            )
        elif not arrived:
            what = "not yet at the minimum; raise max_iter, or put a StandardScaler before it"
            warn_unfinished(self, self.history_, what)
