"""Data is brought into the form that the model and the loss take, or refused with what to do."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pytest
import scipy.sparse
import torch

from backproof import nn
from backproof.training.data.intake import Intake

RNG = np.random.default_rng(0)
X = RNG.normal(size=(6, 3))
ONE = X[:, 0]
NUMBERS = RNG.normal(size=6)
CLASSES = np.array([0, 1, 2, 0, 1, 2])
BITS = np.array([0, 1, 1, 0, 1, 0])


class Line(nn.Module):
    """A model that holds two numbers and gives a number for a number."""

    def __init__(self) -> None:
        self.w, self.b = nn.Parameter(2.0), nn.Parameter(1.0)

    def forward(self, input: Any) -> Any:
        return self.w * input + self.b


class Own:
    """A loss of somebody's own."""

    def __call__(self, prediction: Any, target: Any) -> float:
        classes = target.dtype.kind == "i" and target.shape == prediction.shape[:1]
        return float((prediction - (target[:, None] if classes else target)).sum())

    def backward(self) -> Any: ...


def taken(model: Any, loss: Any, x: Any, y: Any) -> tuple[Any, Any]:
    predict = model
    if isinstance(model, torch.nn.Module):

        def predict(rows: Any) -> Any:
            return model(torch.tensor(rows)).detach().numpy()

    return Intake(predict, model, loss).whole(x, y)


def linear(inputs: int = 3, outputs: int = 1, **how: Any) -> nn.Module:
    return nn.Linear(inputs, outputs, rng=0, **how)


F4, F8, I8 = np.float32, np.float64, np.int64
#: A model, a loss, inputs, targets; what inputs and targets should be then.
FORMS: dict[str, tuple[Any, Any, Any, Any, Any, Any]] = {
    "numbers": (linear(), nn.MSELoss(), X, NUMBERS, X.astype(F4), NUMBERS.astype(F4)[:, None]),
    "in float64": (linear(dtype=F8), nn.MSELoss(), X, NUMBERS, X, NUMBERS[:, None]),
    "in float16": (
        linear(dtype=np.float16),
        nn.MSELoss(),
        X,
        NUMBERS,
        X.astype(np.float16),
        NUMBERS.astype(np.float16)[:, None],
    ),
    "float32 for float64": (
        linear(dtype=F8),
        nn.MSELoss(),
        X.astype(F4),
        NUMBERS.astype(F4),
        X.astype(F4).astype(F8),
        NUMBERS.astype(F4).astype(F8)[:, None],
    ),
    "whole numbers": (
        linear(1),
        nn.MSELoss(),
        CLASSES,
        BITS,
        CLASSES.astype(F4)[:, None],
        BITS.astype(F4)[:, None],
    ),
    "truths": (
        linear(1),
        nn.MSELoss(),
        BITS > 0,
        BITS > 0,
        BITS.astype(F4)[:, None],
        BITS.astype(F4)[:, None],
    ),
    "one axis": (linear(1), nn.MSELoss(), ONE, NUMBERS, ONE.astype(F4)[:, None], NUMBERS.astype(F4)[:, None]),
    "one axis for a network": (
        nn.Sequential(nn.Linear(1, 4, rng=0), nn.Tanh(), nn.Linear(4, 1, rng=0)),
        nn.L1Loss(),
        ONE,
        NUMBERS,
        ONE.astype(F4)[:, None],
        NUMBERS.astype(F4)[:, None],
    ),
    "one axis for a line": (Line(), nn.MSELoss(), ONE, NUMBERS, ONE, NUMBERS),
    "a column for a line": (Line(), nn.MSELoss(), ONE, NUMBERS[:, None], ONE, NUMBERS),
    "several outputs": (linear(3, 3), nn.MSELoss(), X, X, X.astype(F4), X.astype(F4)),
    "classes": (linear(3, 3), nn.CrossEntropyLoss(), X, CLASSES, X.astype(F4), CLASSES.astype(I8)),
    "classes of a byte": (
        linear(3, 3),
        nn.CrossEntropyLoss(),
        X,
        CLASSES.astype(np.uint8),
        X.astype(F4),
        CLASSES.astype(I8),
    ),
    "classes in a column": (
        linear(3, 3),
        nn.CrossEntropyLoss(),
        X,
        CLASSES[:, None],
        X.astype(F4),
        CLASSES.astype(I8),
    ),
    "truths for classes": (linear(3, 2), nn.CrossEntropyLoss(), X, BITS > 0, X.astype(F4), BITS.astype(I8)),
    "some to be ignored": (
        linear(3, 3),
        nn.CrossEntropyLoss(ignore_index=-1),
        X,
        CLASSES - 1,
        X.astype(F4),
        (CLASSES - 1).astype(I8),
    ),
    "probabilities of classes": (
        linear(3, 3),
        nn.CrossEntropyLoss(),
        X,
        np.eye(3)[CLASSES],
        X.astype(F4),
        np.eye(3, dtype=F4)[CLASSES],
    ),
    "bits": (linear(), nn.BCEWithLogitsLoss(), X, BITS, X.astype(F4), BITS.astype(F4)[:, None]),
    "signs": (
        linear(),
        nn.SoftMarginLoss(),
        X,
        2 * BITS - 1,
        X.astype(F4),
        (2 * BITS - 1).astype(F4)[:, None],
    ),
    "counts": (linear(), nn.PoissonNLLLoss(), X, CLASSES, X.astype(F4), CLASSES.astype(F4)[:, None]),
    "indices": (
        nn.Sequential(nn.Embedding(3, 2, rng=0), nn.Linear(2, 1, rng=0)),
        nn.MSELoss(),
        CLASSES[:, None],
        NUMBERS[:, None],
        CLASSES[:, None],
        NUMBERS.astype(F4)[:, None, None],
    ),
    "images": (
        nn.Sequential(nn.Flatten(), nn.Linear(4, 1, rng=0)),
        nn.MSELoss(),
        np.ones((5, 2, 2)),
        np.ones(5),
        np.ones((5, 2, 2), F4),
        np.ones((5, 1), F4),
    ),
    "sequences": (
        linear(),
        nn.MSELoss(),
        np.ones((5, 7, 3)),
        np.ones((5, 7)),
        np.ones((5, 7, 3), F4),
        np.ones((5, 7, 1), F4),
    ),
    "no parameters": (nn.Tanh(), nn.MSELoss(), BITS, BITS, BITS.astype(F8), BITS.astype(F8)),
    "a loss of one's own": (linear(), Own(), X, NUMBERS, X.astype(F4), NUMBERS.astype(F4)[:, None]),
    "a loss of one's own, whole numbers": (linear(), Own(), X, BITS, X.astype(F4), BITS.astype(F4)[:, None]),
    "a loss of one's own, classes": (linear(3, 3), Own(), X, CLASSES, X.astype(F4), CLASSES.astype(I8)),
    "PyTorch": (
        torch.nn.Linear(3, 1),
        torch.nn.MSELoss(),
        X,
        NUMBERS,
        X.astype(F4),
        NUMBERS.astype(F4)[:, None],
    ),
    "PyTorch's classes": (
        torch.nn.Linear(3, 3).double(),
        torch.nn.CrossEntropyLoss(),
        X,
        CLASSES,
        X,
        CLASSES.astype(I8),
    ),
}


@pytest.mark.parametrize(("model", "loss", "given", "targets", "input", "target"), FORMS.values(), ids=FORMS)
def test_forms(model: Any, loss: Any, given: Any, targets: Any, input: Any, target: Any) -> None:
    found = taken(model, loss, given, targets)
    for part, expected in zip(found, (input, target), strict=True):
        np.testing.assert_array_equal(part, expected, strict=True)


@pytest.mark.parametrize(("model", "loss", "given", "targets", "input", "target"), FORMS.values(), ids=FORMS)
def test_nothing_is_broadcast_and_a_model_computes_in_its_own_dtype(
    model: Any, loss: Any, given: Any, targets: Any, input: Any, target: Any
) -> None:
    inputs, answers = taken(model, loss, given, targets)
    if isinstance(model, torch.nn.Module):
        output = model(torch.tensor(inputs))
        loss(output, torch.tensor(answers))  # of PyTorch a warning of other shapes is an error here
    else:
        output = model(inputs)
        assert output.dtype == inputs.dtype or inputs.dtype.kind == "i"
        float(loss(output, answers))
    if answers.dtype.kind == "f":
        assert tuple(output.shape) == answers.shape


def wrong(value: float) -> Any:
    array = X.copy()
    array[3, 1] = array[4, 0] = value
    return array


FRAME = pd.DataFrame(X, columns=["age", "height", "weight"])


class Strange(nn.Module):
    """A model that does not give a row for each row."""

    def forward(self, input: Any) -> Any:
        return input.sum()


MSE, CE, BCE = nn.MSELoss(), nn.CrossEntropyLoss(), nn.BCEWithLogitsLoss()
REFUSED: dict[str, tuple[Callable[[], Any], type[Exception], str]] = {
    "lengths": (lambda: taken(linear(), MSE, X, NUMBERS[:-1]), ValueError, "X of 6 rows and y of 5"),
    "empty": (lambda: taken(linear(), MSE, X[:0], NUMBERS[:0]), ValueError, r"X of shape \(0, 3\)"),
    "no features": (lambda: taken(linear(), MSE, X[:, :0], NUMBERS), ValueError, r"X of shape \(6, 0\)"),
    "a number": (lambda: taken(linear(), MSE, 1.0, 2.0), ValueError, "X to have a row for each sample"),
    "a target for all": (lambda: taken(linear(), MSE, X, 2.0), ValueError, "y to have a row for each sample"),
    "rows that differ": (lambda: taken(linear(), MSE, [[1], [1, 2]], [1, 2]), ValueError, "one length in X"),
    "words": (lambda: taken(linear(), MSE, X.astype(str), NUMBERS), TypeError, "dtype=<U"),
    "words as targets": (lambda: taken(linear(), CE, X, ["a"] * 6), TypeError, "return_inverse=True"),
    "objects": (lambda: taken(linear(), MSE, X.astype(object), NUMBERS), TypeError, "dtype=object"),
    "bytes": (lambda: taken(linear(), MSE, X, np.array([b"a"] * 6)), TypeError, "such as b'a'"),
    "complex numbers": (lambda: taken(linear(), MSE, X + 0j, NUMBERS), TypeError, "complex128"),
    "dates": (lambda: taken(linear(), MSE, X.astype("M8[s]"), NUMBERS), TypeError, "datetime64"),
    "a column of words": (
        lambda: taken(linear(), MSE, FRAME.assign(height=["low"] * 6), NUMBERS),
        TypeError,
        "column 'height' of X of dtype",
    ),
    "a series of words": (
        lambda: taken(linear(), MSE, X, pd.Series(["low"] * 6, name="size")),
        TypeError,
        "column 'size' of y",
    ),
    "a series of words without a name": (
        lambda: taken(linear(), MSE, X, pd.Series(["low"] * 6)),
        TypeError,
        "got y of dtype",
    ),
    "truths that are missing": (
        lambda: taken(linear(), MSE, pl.DataFrame({"a": [1.0, 2.0], "b": [True, None]}), NUMBERS[:2]),
        ValueError,
        r"got NaN, which stands for a missing value, in X \(row 1, column 'b'\)",
    ),
    "truths that are missing, in a series": (
        lambda: taken(linear(), MSE, X[:2], pl.Series([True, None])),
        ValueError,
        r"missing value, in y \(row 1\)",
    ),
    "missing among objects": (
        lambda: taken(linear(), MSE, X, np.array([1.0, None, *NUMBERS[2:]])),
        TypeError,
        "y to hold real numbers; got dtype=object, such as None",
    ),
    "a plan of a frame": (
        lambda: taken(linear(), MSE, pl.LazyFrame({"a": [1.0]}), [1.0]),
        TypeError,
        r"got X=<LazyFrame at \w+> \(LazyFrame\): pass X.collect\(\)",
    ),
    "a dictionary": (
        lambda: taken(linear(), MSE, {"a": ONE, "b": ONE}, NUMBERS),
        TypeError,
        r"^.{,300}got X=\{'a': array\(\[.{,80}\.\.\. \(dict\): pass np.column_stack\(\[\*X.values\(\)\]\)$",
    ),
    "sparse": (
        lambda: taken(linear(), MSE, scipy.sparse.csr_matrix(X), NUMBERS),
        TypeError,
        r"pass X.toarray\(\)",
    ),
    "masked": (lambda: taken(linear(), MSE, np.ma.masked_less(X, 0), NUMBERS), ValueError, "masked values"),
    "a tensor of brain floats": (
        lambda: taken(linear(), MSE, torch.tensor(X).bfloat16(), NUMBERS),
        TypeError,
        r"torch.bfloat16 .* X.float\(\)",
    ),
    "a sparse tensor": (
        lambda: taken(linear(), MSE, torch.tensor(X).to_sparse(), NUMBERS),
        TypeError,
        "torch.sparse_coo",
    ),
    "NaN": (lambda: taken(linear(), MSE, wrong(np.nan), NUMBERS), ValueError, r"X \(row 3, column 1\)"),
    "infinity": (lambda: taken(linear(), MSE, wrong(-np.inf), NUMBERS), ValueError, r"-inf in X \(row 3"),
    "NaN in a column": (
        lambda: taken(linear(), MSE, FRAME.replace(FRAME.iloc[2, 2], np.nan), NUMBERS),
        ValueError,
        r"row 2, column 'weight'",
    ),
    "missing in a column": (
        lambda: taken(linear(), MSE, FRAME.astype("Float64").replace(X[2, 2], pd.NA), NUMBERS),
        ValueError,
        r"missing value, in X \(row 2, column 'weight'",
    ),
    "NaN in the targets": (
        lambda: taken(linear(), MSE, X, NUMBERS + np.nan),
        ValueError,
        r"missing value, in y \(row 0\)",
    ),
    "beyond float32": (
        lambda: taken(linear(), MSE, wrong(1e39), NUMBERS),
        ValueError,
        r"that float32, .* got 1e\+39 in X \(row 3, column 1\)",
    ),
    "targets beyond float32": (
        lambda: taken(linear(), MSE, X, NUMBERS * 1e39),
        ValueError,
        r"in y \(row 0\): scale y",
    ),
    "features": (
        lambda: taken(linear(2), MSE, X, NUMBERS),
        ValueError,
        r"X of shape \(6, 3\); the model takes 2 features, X has 3 \(Linear",
    ),
    "one axis for several features": (lambda: taken(linear(2), MSE, ONE, NUMBERS), ValueError, "X has 1"),
    "images without Flatten": (
        lambda: taken(linear(4), MSE, np.ones((5, 2, 2)), np.ones(5)),
        ValueError,
        r"nn.Flatten\(\) first, or pass X.reshape\(5, 4\)",
    ),
    "images for PyTorch": (
        lambda: taken(torch.nn.Linear(4, 1), torch.nn.MSELoss(), np.ones((5, 2, 2)), np.ones(5)),
        ValueError,
        "nn.Flatten",
    ),
    "rows of the output": (lambda: taken(Strange(), MSE, X, NUMBERS), ValueError, r"output of shape \(\)"),
    "targets of several": (lambda: taken(linear(), MSE, X, X), ValueError, r"y with rows of shape \(3,\)"),
    "outputs of several": (
        lambda: taken(linear(3, 2), MSE, X, NUMBERS),
        ValueError,
        r"targets of shape \(2,\)",
    ),
    "sequences for rows": (
        lambda: taken(linear(), MSE, np.ones((5, 7, 3)), np.ones(5)),
        ValueError,
        r"\(7, 1\)",
    ),
    "floats for classes": (lambda: taken(linear(3, 3), CE, X, CLASSES * 1.0), TypeError, r"y.astype\(int\)"),
    "classes from 1": (lambda: taken(linear(3, 3), CE, X, CLASSES + 1), ValueError, "start at 1: pass y - 1"),
    "more classes": (lambda: taken(linear(3, 2), CE, X, CLASSES), ValueError, "model needs 3 outputs"),
    "classes with gaps": (
        lambda: taken(linear(3, 3), CE, X, CLASSES * 5 + 5),
        ValueError,
        r"from 5 to 15: .*return_inverse",
    ),
    "one score for classes": (
        lambda: taken(linear(), CE, X, BITS),
        ValueError,
        "goes with BCEWithLogitsLoss",
    ),
    "one-hot rows": (
        lambda: taken(linear(3, 3), nn.NLLLoss(), X, np.eye(3)[CLASSES]),
        TypeError,
        r"y.argmax\(axis=1\)",
    ),
    "whole one-hot rows": (
        lambda: taken(linear(3, 3), nn.NLLLoss(), X, np.eye(3, dtype=int)[CLASSES]),
        ValueError,
        r"y.argmax\(axis=1\)",
    ),
    "signs for bits": (
        lambda: taken(linear(), BCE, X, 2 * BITS - 1),
        ValueError,
        r"from 0 to 1; got -1 in y \(row 0\); .* \(y \+ 1\) / 2",
    ),
    "bits for signs": (
        lambda: taken(linear(), nn.SoftMarginLoss(), X, BITS),
        ValueError,
        r"-1 or 1; got 0 in y \(row 0\); .* 2 \* y - 1",
    ),
    "counts below 0": (lambda: taken(linear(), nn.PoissonNLLLoss(), X, -CLASSES), ValueError, "at least 0"),
    "no probabilities": (
        lambda: taken(linear(3, 3), CE, X, 2 * np.eye(3)[CLASSES]),
        ValueError,
        r"got 2 in y \(row 0, column 0\)",
    ),
}


@pytest.mark.usefixtures("not_enforced")
@pytest.mark.parametrize(("make", "error", "said"), REFUSED.values(), ids=REFUSED)
def test_refusals(make: Callable[[], Any], error: type[Exception], said: str) -> None:
    with pytest.raises(error, match=said):
        make()


def test_the_users_arrays_stay_as_they_are() -> None:
    before, targets = X.copy(), NUMBERS.copy()
    inputs, answers = taken(linear(dtype=F8), MSE, X, NUMBERS)
    assert np.shares_memory(inputs, X)
    assert np.shares_memory(answers, NUMBERS)
    np.testing.assert_array_equal(X, before)
    np.testing.assert_array_equal(NUMBERS, targets)
