"""What a model and a loss take: the dtype and the axes of inputs and targets, found out with two rows."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from backproof.training.data.arrays import array_of, names_of, require_finite, require_held
from backproof.training.data.batches import Batch
from backproof.training.data.targets import are_classes, axes, require_in_domain
from backproof.training.parts import loss_op

__all__ = ["Form", "Intake"]

#: Modules that take whole numbers as they are.
_OF_INDICES = ("Embedding", "EmbeddingBag")
#: What modules raise that are given something else than they take.
_REFUSALS = (ValueError, TypeError, IndexError, RuntimeError)


class Intake:
    """Brings data into the form that a model and a loss take.

    - Inputs get the dtype that the parameters have, whatever they came in: a model of float32 computes in
      float32. Whole numbers stay what they are for a model with an embedding.
    - Inputs (n,) become (n, 1) for a model with layers that have ``in_features``.
    - Targets get the dtype of the output, and classes 64 bits.
    - Targets (n,) become (n, 1) where the model gives (n, 1), and the other way about; classes (n, 1) become
      (n,). Nothing is broadcast; but a loss of somebody's own may compare with other targets what it likes.

    Parameters
    ----------
    predict
        Computes the model's output, as in prediction.
    model, loss
        What is trained, and by what.
    """

    def __init__(self, predict: Callable[[Any], Any], model: Any, loss: Any) -> None:
        self.predict, self.loss, self.op = predict, loss, loss_op(loss)
        modules = list(model.modules())
        self._linear = next((each for each in modules if hasattr(each, "in_features")), None)
        self._of_indices = any(type(each).__name__ in _OF_INDICES for each in modules)
        self._dtype = _dtype(model)
        #: What was found out, by the shapes of rows and the dtypes.
        self._forms: dict[object, Form] = {}

    def input(self, X: NDArray[Any]) -> NDArray[Any]:
        """Give inputs in their dtype and axes."""
        if X.ndim == 1 and self._linear is not None:
            X = X[:, None]
        if X.dtype.kind in "iu" and self._of_indices:
            return X
        return _cast(X, self._dtype or (X.dtype if X.dtype.kind == "f" else np.float64))

    def output(self, X: NDArray[Any], name: str) -> NDArray[Any]:
        """Compute the output for the first rows.

        Raises
        ------
        ValueError
            If the model does not take them, or does not give a row for each.
        """
        rows = self.input(X[:2])
        try:
            output = np.asarray(self.predict(rows))
        except _REFUSALS as error:
            said = f"expected rows of {name} that go into the model; got {name} of shape {X.shape}"
            raise ValueError(f"{said}{self._advice(X, name)} ({error})") from error
        if output.shape[:1] != rows.shape[:1]:
            raise ValueError(
                f"expected the model to give a row for each row of {name}; for {len(rows)} of them it gave "
                f"an output of shape {output.shape}"
            )
        return output

    def _advice(self, X: NDArray[Any], name: str) -> str:
        size = math.prod(X.shape[1:])
        features = getattr(self._linear, "in_features", None)
        if X.ndim > 2 and features == size:
            return f"; put nn.Flatten() first, or pass {name}.reshape({len(X)}, {size})"
        if X.ndim < 3 and features is not None and features != size:
            return f"; the model takes {features} feature{'s' * (features != 1)}, {name} has {size}"
        return ""

    def whole(self, X: Any, y: Any, names: tuple[str, str] = ("X", "y")) -> Batch:
        """Give all of the data in its form, looked through.

        Raises
        ------
        TypeError, ValueError
            If the model does not take such inputs or the loss such targets, or there is NaN or infinity.
        """
        given = array_of(X, names[0]), array_of(y, names[1])
        columns = names_of(X), names_of(y)
        for array, name, labels in zip(given, names, columns, strict=True):
            require_finite(array, name, labels)
        inputs = self.input(given[0])
        require_held(given[0], inputs, names[0], columns[0])
        form = self.form((inputs, given[1]), names)
        taken = form((inputs, given[1]))
        require_held(given[1], taken[1], names[1], columns[1])
        if self.op is not None:
            classes = form.output[1] if form.of_classes else None
            require_in_domain(self.op, self.loss, given[1], classes, names[1], columns[1])
        return taken

    def form(self, batch: Batch, names: tuple[str, str] = ("X", "y")) -> Form:
        """Give the form of a batch: that of others with rows of these shapes and dtypes, or a new one.

        Raises
        ------
        TypeError, ValueError
            If there is not a target for each input, the model does not take such inputs, or the loss such
            targets.
        """
        X, y = batch
        if len(X) != len(y):
            raise ValueError(
                f"expected a target for each input; got {names[0]} of {len(X)} rows and {names[1]} of "
                f"{len(y)}"
            )
        kind = X.shape[1:], X.dtype, y.shape[1:], y.dtype
        found = self._forms.get(kind)
        if found is None:
            found = self._forms[kind] = Form(self, batch, names)
        return found


class Form:
    """The form of data of one kind, decided with its first rows: a function of batches.

    Raises
    ------
    TypeError, ValueError
        If the model does not take such inputs, or the loss such targets.
    """

    def __init__(self, intake: Intake, batch: Batch, names: tuple[str, str]) -> None:
        X, y = batch
        output, y = intake.output(X, names[0]), y[:2]
        #: The shape of the output for the first rows.
        self.output: tuple[int, ...] = output.shape
        self._input, self._axes = intake.input, axes(intake.op, output.shape, y, names[1])
        #: Whether the targets are classes.
        self.of_classes = are_classes(intake.op, output.shape, y)
        self._dtype: DTypeLike = np.int64 if self.of_classes else output.dtype

    def __call__(self, batch: Batch) -> Batch:
        """Give a batch in that form."""
        X, y = batch
        return self._input(X), _cast(self._axes(y), self._dtype)


def _cast(array: NDArray[Any], dtype: DTypeLike) -> NDArray[Any]:
    """Give an array in a dtype, its rows one after the other in memory; itself, if it is so."""
    with np.errstate(over="ignore"):  # what has become infinite is refused, where data is looked through
        return np.ascontiguousarray(array, dtype)


def _dtype(model: Any) -> np.dtype[Any] | None:
    """Give the dtype of the first parameter of floats, on NumPy; ``None`` if there is none."""
    for parameter in model.parameters():
        # A parameter of NumPy has its dtype in the array that it holds.
        name = str(parameter.data.dtype).removeprefix("torch.")
        if name in ("float16", "float32", "float64", "longdouble", "float128"):
            return np.dtype(name)
        if name.startswith(("float", "bfloat")):  # which NumPy has not
            return np.dtype(np.float32)
    return None
