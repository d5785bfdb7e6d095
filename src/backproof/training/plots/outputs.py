"""What a model gives for plots: its outputs for many inputs, and the classes it decides on."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from backproof import nn

__all__ = [
    "Predict",
    "classes_of",
    "column",
    "decided",
    "features",
    "labels",
    "margins",
    "outputs",
    "predictor",
]

#: Gives a model's outputs for inputs, one a row.
Predict: TypeAlias = Callable[[NDArray[Any]], Any]
#: Rows that are predicted at once.
_ROWS = 4096
#: What two classes are told apart at, in probabilities, and in other scores.
_HALF, _EVEN = 0.5, 0.0


def predictor(model: Any, *methods: str) -> Predict:
    """Give what predicts: a model of ours or of PyTorch, an estimator's method, or a function.

    Raises
    ------
    TypeError
        If it is nothing of these.
    """
    if isinstance(model, nn.Module):
        return _in_prediction(model, model)
    torch = sys.modules.get("torch")
    if torch is not None and isinstance(model, torch.nn.Module):
        return _in_prediction(model, _of_tensors(model, torch))
    for method in methods:
        if callable(getattr(model, method, None)):
            found: Predict = getattr(model, method)
            return found
    if callable(model):
        given: Predict = model
        return given
    raise TypeError(
        f"expected a model: a module, an estimator with {' or '.join(methods) or 'predict'}, or a function "
        f"of the inputs; got {model!r} ({type(model).__name__})"
    )


def _in_prediction(model: Any, call: Predict) -> Predict:
    """Let modules predict while they are called, and then be as they were."""

    def predict(inputs: NDArray[Any]) -> Any:
        modes = [(module, module.training) for module in model.modules()]
        model.eval()
        try:
            return call(inputs)
        finally:
            for module, training in modes:
                module.training = training

    return predict


def _of_tensors(model: Any, torch: Any) -> Predict:
    """Make a function of arrays of a module of PyTorch."""
    first = next(iter(model.parameters()), torch.zeros(0))

    def predict(inputs: NDArray[Any]) -> Any:
        with torch.no_grad():
            return model(torch.as_tensor(inputs).to(first)).cpu().numpy()

    return predict


def outputs(predict: Predict, X: NDArray[Any]) -> NDArray[Any]:
    """Give a model's outputs for inputs, computed some at a time.

    Raises
    ------
    ValueError
        If they are not as many.
    """
    parts = [np.asarray(predict(X[start : start + _ROWS])) for start in range(0, len(X), _ROWS)]
    found = np.concatenate([np.atleast_1d(part) for part in parts])
    if len(found) != len(X):
        raise ValueError(f"expected an output for each of {len(X)} inputs; got {len(found)} from the model")
    return found


def features(X: Any, y: Any) -> tuple[NDArray[Any], NDArray[Any]]:
    """Give the inputs, one sample a row, and the targets, as arrays.

    Raises
    ------
    ValueError
        If there is none, they are not as many, or inputs are no rows of finite numbers.
    """
    inputs, targets = np.asarray(X), np.asarray(y)
    if inputs.ndim == 1:
        inputs = inputs[:, None]
    if inputs.ndim != 2 or targets.ndim == 0 or not len(inputs) or len(inputs) != len(targets):
        raise ValueError(
            "expected inputs with one sample a row, and as many targets; "
            f"got X of shape {np.shape(X)}, y of shape {np.shape(y)}"
        )
    if inputs.dtype.kind not in "fiub":
        raise ValueError(f"expected inputs that are numbers; got X of dtype={inputs.dtype}")
    inputs = inputs if inputs.dtype.kind == "f" else inputs.astype(float)
    if not np.isfinite(inputs).all():
        raise ValueError(
            f"expected finite inputs; got {(~np.isfinite(inputs)).sum()} in X that are NaN or infinite"
        )
    return inputs, targets


def column(values: NDArray[Any], what: str) -> NDArray[Any]:
    """Give the only number of each row.

    Raises
    ------
    ValueError
        If there are several.
    """
    if values.size != len(values):
        raise ValueError(f"expected one number a sample; got {what} of shape {values.shape}")
    return values.reshape(-1)


def labels(y: NDArray[Any]) -> NDArray[Any]:
    """Give the class of each target: a number or a word, or of one-hot rows the place of the one."""
    return y.argmax(axis=1) if y.ndim > 1 and y.shape[1] > 1 else y.reshape(-1)


def classes_of(y: NDArray[Any], output: NDArray[Any]) -> NDArray[Any]:
    """Give the classes that there are, in the order of a model's scores.

    Raises
    ------
    ValueError
        If there are other than as many scores.
    """
    many = output.shape[1] if output.ndim > 1 else 1
    if many == 1:
        found = (
            np.unique(y) if output.dtype.kind == "f" else np.unique(np.concatenate([y, output.reshape(-1)]))
        )
        counted = found.dtype.kind in "fiub" and np.isin(found, (0, 1)).all()
        return np.array([0, 1]).astype(found.dtype) if counted else found
    if y.dtype.kind in "iu" and y.min() >= 0 and y.max() < many:
        return np.arange(many)
    found = np.unique(y)
    if len(found) != many:
        raise ValueError(f"expected a score for each of {len(found)} classes; got {many} from the model")
    return found


def margins(output: NDArray[Any], classes: NDArray[Any]) -> NDArray[Any]:
    """Give by how much each class wins, one column each: above 0 is the one that is decided on.

    An output is a score for each class, the class itself, or, of two classes, the score of the second: it
    wins above 0.5 if all are from 0 to 1, as probabilities are, and otherwise above 0.

    Raises
    ------
    ValueError
        If one score is given for other than two classes.
    """
    if output.ndim > 1 and output.shape[1] > 1:
        ranked = np.sort(output, axis=1)
        best, second = ranked[:, -1:], ranked[:, -2:-1]
        found: NDArray[Any] = np.where(output == best, output - second, output - best)
        return found
    scores = output.reshape(-1)
    if scores.dtype.kind != "f" or np.isin(scores, classes).all():
        is_it: NDArray[Any] = scores[:, None] == classes
        return is_it.astype(float) - _HALF
    if len(classes) != 2:
        raise ValueError(f"expected a score for each of {len(classes)} classes; got one from the model")
    within = np.nanmin(scores) >= 0 and np.nanmax(scores) <= 1 if np.isfinite(scores).any() else False
    above = scores - (_HALF if within else _EVEN)
    return np.stack([-above, above], axis=1)


def decided(output: NDArray[Any], classes: NDArray[Any]) -> NDArray[Any]:
    """Give the classes that a model decides on.

    Examples
    --------
    >>> decided(np.array([[0.1, 2.0], [1.0, 0.5]]), np.array(["no", "yes"])).tolist()
    ['yes', 'no']
    >>> decided(np.array([0.2, 0.7]), np.array([0, 1])).tolist()
    [0, 1]
    """
    found: NDArray[Any] = classes[margins(output, classes).argmax(axis=1)]
    return found
