"""What a model gives for plots: its outputs for many inputs, and the classes it decides on."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from backproof import nn
from backproof.training.data.arrays import array_of, names_of, require_finite
from backproof.training.decisions import decided, threshold_of
from backproof.training.modes import in_prediction
from backproof.training.predicting import in_pieces

__all__ = [
    "Predict",
    "chosen",
    "classes_of",
    "column",
    "features",
    "is_module",
    "labels",
    "level",
    "margins",
    "outputs",
    "predictor",
    "samples",
    "told",
    "within",
]

#: Gives a model's outputs for inputs, one a row.
Predict: TypeAlias = Callable[[NDArray[Any]], Any]
#: What two classes are told apart at, in probabilities, and in other scores.
_HALF, _EVEN = 0.5, 0.0


def predictor(model: Any, *methods: str) -> Predict:
    """Give what predicts: a model of ours or of PyTorch, an estimator's method, or a function.

    Raises
    ------
    TypeError
        If it is nothing of these.
    """
    if is_module(model):
        call = model if isinstance(model, nn.Module) else _of_tensors(model)
        return _in_prediction(model, call)
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


def is_module(model: Any) -> bool:
    """Say whether a model is a module, of ours or of PyTorch: its outputs are what its loss takes."""
    torch = sys.modules.get("torch")
    return isinstance(model, nn.Module) or (torch is not None and isinstance(model, torch.nn.Module))


def _in_prediction(model: Any, call: Predict) -> Predict:
    """Let modules predict while they are called, and then be as they were."""

    def predict(inputs: NDArray[Any]) -> Any:
        with in_prediction(model):
            return call(inputs)

    return predict


def _of_tensors(model: Any) -> Predict:
    """Make a function of arrays of a module of PyTorch."""
    import torch

    first = next(iter(model.parameters()), torch.zeros(0))

    def predict(inputs: NDArray[Any]) -> Any:
        given = torch.as_tensor(inputs)
        with torch.no_grad():  # whole numbers are what an embedding takes
            output = model(given.to(first) if given.is_floating_point() else given.to(first.device))
        return output.cpu().numpy()

    return predict


def outputs(predict: Predict, X: NDArray[Any]) -> NDArray[Any]:
    """Give a model's outputs for inputs, computed some at a time.

    Raises
    ------
    ValueError
        If they are not as many.
    """
    found = in_pieces(predict, X)
    if len(found) != len(X):
        raise ValueError(f"expected an output for each of {len(X)} inputs; got {len(found)} from the model")
    return found


def samples(X: Any, y: Any) -> tuple[NDArray[Any], NDArray[Any]]:
    """Give the inputs and the targets, which may be words, as arrays.

    Raises
    ------
    TypeError, ValueError
        If there is none, they are not as many, or inputs are no finite numbers.
    """
    inputs = array_of(X, "X")
    try:
        targets = array_of(y, "y")
    except TypeError:
        targets = np.asarray(y)  # classes may be words
    if len(inputs) != len(targets):
        raise ValueError(
            f"expected a target for each input; got X of {len(inputs)} rows and y of {len(targets)}"
        )
    require_finite(inputs, "X", names_of(X))
    return inputs, targets


def features(X: Any, y: Any) -> tuple[NDArray[Any], NDArray[Any]]:
    """Give the inputs, features of floats with one sample a row, and the targets, as arrays.

    Raises
    ------
    TypeError, ValueError
        As `samples`; and if the inputs are no rows of numbers.
    """
    inputs, targets = samples(X, y)
    if inputs.ndim == 1:
        inputs = inputs[:, None]
    if inputs.ndim != 2:
        raise ValueError(f"expected inputs with one sample a row; got X of shape {inputs.shape}")
    return (inputs if inputs.dtype.kind == "f" else inputs.astype(float)), targets


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


def told(y: NDArray[Any], output: NDArray[Any], loss: Any = None) -> tuple[NDArray[Any], NDArray[Any]]:
    """Give the class of each target, and the classes that there are, in the order of a model's scores."""
    found = labels(y)
    alone = output.ndim == 1 or output.shape[1] == 1
    if loss is not None and alone and found.dtype.kind in "f" and len(np.unique(found)) != 2:
        found = (found > _HALF).astype(int)  # probabilities of the second class
    return found, classes_of(found, output)


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


def margins(output: NDArray[Any], classes: NDArray[Any], loss: Any = None) -> NDArray[Any]:
    """Give by how much each class wins, one column each: above 0 is the one that is decided on.

    An output is a score for each class, the class itself, or, of two classes, the score of the second, which
    wins above what `level` says.

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
    if _are_classes(scores, classes, loss):
        is_it: NDArray[Any] = scores[:, None] == classes
        return is_it.astype(float) - _HALF
    _require_two(classes)
    above = scores - level(scores, loss)
    return np.stack([-above, above], axis=1)


def level(scores: NDArray[Any], loss: Any = None) -> float:
    """Give what single scores are above for the second class: what the loss says that they are trained by.

    Where there is none it is 0.5 if all are from 0 to 1, as probabilities are, and otherwise 0.
    """
    if loss is not None:
        threshold = threshold_of(loss)
        return _HALF if threshold is None else threshold
    return _HALF if within(scores) else _EVEN


def within(scores: NDArray[Any]) -> bool:
    """Say whether all scores that are numbers are from 0 to 1."""
    found = scores[~np.isnan(scores)]
    return bool(found.size and found.min() >= 0 and found.max() <= 1)


def _are_classes(scores: NDArray[Any], classes: NDArray[Any], loss: Any) -> bool:
    return loss is None and (scores.dtype.kind != "f" or bool(np.isin(scores, classes).all()))


def _require_two(classes: NDArray[Any]) -> None:
    if len(classes) != 2:
        raise ValueError(f"expected a score for each of {len(classes)} classes; got one from the model")


def chosen(output: NDArray[Any], classes: NDArray[Any], loss: Any = None) -> NDArray[Any]:
    """Give the classes that a model decides on.

    Examples
    --------
    >>> chosen(np.array([[0.1, 2.0], [1.0, 0.5]]), np.array(["no", "yes"])).tolist()
    ['yes', 'no']
    >>> chosen(np.array([0.2, 0.7]), np.array([0, 1])).tolist()
    [0, 1]
    """
    alone, scores = output.ndim == 1 or output.shape[1] == 1, output.reshape(-1)
    if alone and _are_classes(scores, classes, loss):
        return scores
    if alone:
        _require_two(classes)
    found: NDArray[Any] = classes[decided(scores, level(scores, loss)) if alone else decided(output)]
    return found
