"""What the estimators have in common: checked data, a model, its training."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Self, TypeAlias

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted, validate_data

from backproof import nn, optim
from backproof.training.decisions import decided
from backproof.training.history import History
from backproof.training.parts import optimizer_named
from backproof.training.trained import Trained
from backproof.training.watching.troubles import warn

__all__ = ["FLOATS", "Classifier", "Estimator", "OptimizerLike", "made_optimizer", "warn_unfinished"]

#: What is computed with as it is; other numbers become the first of them.
FLOATS = [np.float64, np.float32]
#: An optimizer's name, or what makes one of groups of parameters.
OptimizerLike: TypeAlias = str | Callable[[list[dict[str, object]]], optim.Optimizer]


class Estimator(BaseEstimator):  # type: ignore[misc]  # scikit-learn brings no types
    """What a fitted estimator has: a model, and the history of its training.

    Attributes
    ----------
    model_
        The model, a module of ``backproof.nn``, which takes the data as it is.
    history_
        The history of the training.
    loss_curve_
        The loss of each epoch.
    n_iter_
        How many epochs there were.
    """

    model_: nn.Sequential
    history_: History
    loss_curve_: list[float]
    n_iter_: int

    def _output(self, X: Any) -> NDArray[Any]:
        """Compute the model's output for checked data."""
        check_is_fitted(self)
        output: NDArray[Any] = self.model_(validate_data(self, X, dtype=FLOATS, reset=False))
        return output

    def _keep(self, model: nn.Sequential, history: History) -> None:
        self.model_, self.history_ = model.eval(), history
        self.loss_curve_ = history["loss"].tolist()
        self.n_iter_ = len(history)

    def _trained_on(self, X: Any, y: Any, held: NDArray[np.int64] | None = None) -> Self:
        """Let the history know the model, and the data as it was given: training saw it transformed.

        ``held`` are the numbers of the samples that were held out.
        """
        loss = self.history_.trained.get("loss")
        self.history_.trained = Trained(
            model=self.model_, loss=loss, X=X, y=y, held=None if held is None else held.tolist()
        )
        return self


class Classifier(ClassifierMixin, Estimator):  # type: ignore[misc]  # as above
    """What predicts classes by scores, of which the softmax makes probabilities; of one score, the sigmoid.

    Attributes
    ----------
    classes_
        The classes, sorted.
    """

    classes_: NDArray[Any]

    def _indices(self, y: Any, *, known: bool = False) -> NDArray[np.int64]:
        """Learn the classes, and give for each sample which of them it is.

        Parameters
        ----------
        y
            The class of each sample.
        known
            Whether the classes have been learned before, and are to be the same.

        Raises
        ------
        ValueError
            If these are no classes, or all the same, or others than before.
        """
        check_classification_targets(y)
        classes, indices = np.unique(y, return_inverse=True)
        if known and not np.array_equal(classes, self.classes_):
            raise ValueError(
                f"{type(self).__name__} goes on with the classes {self.classes_.tolist()}; got "
                f"{classes.tolist()}: take a new one for others"
            )
        if len(classes) < 2:
            raise ValueError(
                f"{type(self).__name__} expects samples of at least 2 classes; got y of one class, "
                f"{classes.tolist()[0]!r}"
            )
        self.classes_ = classes
        return indices.astype(np.int64)

    def decision_function(self, X: Any) -> NDArray[Any]:
        """Give the scores for X: (samples,) for two classes, that of the second; else (samples, classes)."""
        output = self._output(X)
        if len(self.classes_) > 2:
            return output
        found: NDArray[Any] = output[:, -1] - output[:, 0] if output.shape[1] == 2 else output[:, 0]
        return found

    def predict(self, X: Any) -> NDArray[Any]:
        """Give the class of the largest score for each sample; of two the second, if it is above 0."""
        scores = self.decision_function(X)
        found: NDArray[Any] = self.classes_[decided(scores, 0.0 if scores.ndim == 1 else None)]
        return found

    def predict_proba(self, X: Any) -> NDArray[Any]:
        """Give the probability of each class for each sample, (samples, classes)."""
        return self._probabilities(X, nn.Sigmoid(), nn.Softmax(dim=1))

    def predict_log_proba(self, X: Any) -> NDArray[Any]:
        """Give the logarithms of the probabilities, finite where those round to 0."""
        return self._probabilities(X, nn.LogSigmoid(), nn.LogSoftmax(dim=1))

    def _probabilities(self, X: Any, of_one: nn.Module, of_all: nn.Module) -> NDArray[Any]:
        scores = self.decision_function(X)
        found: NDArray[Any] = (
            np.stack([of_one(-scores), of_one(scores)], axis=1) if scores.ndim == 1 else of_all(scores)
        )
        return found


def made_optimizer(
    given: OptimizerLike, parameters: list[dict[str, object]], lr: float | None
) -> optim.Optimizer:
    """Make an optimizer: of its name with a learning rate, or as it is made.

    Raises
    ------
    ValueError
        If there is none of that name, it is made with a learning rate of its own and there is another, or it
        has no weight decay and parameters ask for one.
    """
    if lr is not None and not isinstance(given, str):
        raise ValueError(
            f"learning_rate_init goes with the name of an optimizer; got learning_rate_init={lr!r} and "
            f"optimizer={given!r}, which has its own"
        )
    if isinstance(given, str):
        made: optim.Optimizer = optimizer_named(given, parameters, **({} if lr is None else {"lr": lr}))
    else:
        made = given(parameters)
    if "weight_decay" not in made.defaults and any(group["weight_decay"] for group in parameters):
        raise ValueError(
            f"the penalty is the optimizer's weight decay, and {type(made).__name__} has none: take no "
            "penalty, or another optimizer"
        )
    return made


def warn_unfinished(estimator: Estimator, history: History, what: str) -> None:
    """Say that training ended before it was done, and what may be done about it.

    Raises
    ------
    ValueError
        If the loss was not finite: the model is of no use.
    """
    name, last = type(estimator).__name__, history[-1]
    if not np.isfinite(last.loss):
        raise ValueError(
            f"{name}: the loss became {last.loss} in epoch {last.epoch}: the learning rate is too high, or "
            "the data too large; try a lower learning_rate_init, or a StandardScaler before it"
        )
    warn(f"{name} stopped after max_iter={len(history)} epochs: {what}", ConvergenceWarning)
