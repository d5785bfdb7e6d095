"""What a candidate is held against where its name does not say, or where it takes something else."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import backproof as bp
from backproof.checking.findings import Verdict
from backproof.diagnoses import Severity


def softmax(x):
    e = np.exp(x - x.max(1, keepdims=True))
    return e / e.sum(1, keepdims=True)


# ------------------------------------------------------------------ names that do not tell


class Squash:
    def forward(self, x):
        self.y = np.tanh(x)
        return self.y

    def backward(self, g):
        return g * (1 - self.y**2)


class SquashIgnoring(Squash):
    def backward(self, g):
        return 1 - self.y**2


class SquashTwice(Squash):
    def backward(self, g):
        return -2 * g * (1 - self.y**2)


class Upto20:
    """Far from 0 it is no ReLU."""

    def forward(self, x):
        self.on = (x > 0) & (x < 20)
        return np.clip(x, 0, 20)

    def backward(self, g):
        return g * self.on


class ColumnSoftmax:
    def forward(self, x):
        e = np.exp(x - x.max(0))
        self.y = e / e.sum(0)
        return self.y

    def backward(self, g):
        return self.y * (g - (g * self.y).sum(0))


class Objective:
    """A cross-entropy of logits, summed."""

    def forward(self, scores, labels):
        self.p, self.labels = softmax(scores), labels
        return -np.log(self.p[np.arange(len(labels)), labels]).sum()

    def backward(self):
        d = self.p.copy()
        d[np.arange(len(d)), self.labels] -= 1
        return d


class ObjectiveOverN(Objective):
    def backward(self):
        return super().backward() / len(self.p)


class MeanObjective(Objective):
    """Both the minus and the division by N are lost in its backward."""

    def forward(self, scores, labels):
        return super().forward(scores, labels) / len(labels)

    def backward(self):
        return -super().backward()


class QuarticLoss:
    def forward(self, prediction, target):
        self.d = prediction - target
        return np.mean(self.d**4)

    def backward(self):
        return 4 * self.d**3 / self.d.size


class QuarticLossTimesSize(QuarticLoss):
    def backward(self):
        return -4 * self.d**3


# ------------------------------------------------------------------ probabilities in the place of logits


class CategoricalCrossEntropy:
    epsilon = 0.0

    def forward(self, y_true, y_pred):
        self.t, self.p = y_true, y_pred + self.epsilon
        return -np.sum(y_true * np.log(self.p)) / len(self.p)

    def backward(self):
        return -self.t / self.p / len(self.p)


class BiasedCategoricalCrossEntropy(CategoricalCrossEntropy):
    epsilon = 1e-5


class NormalisingCategoricalCrossEntropy(CategoricalCrossEntropy):
    def forward(self, y_true, y_pred):
        self.raw = y_pred
        return super().forward(y_true, y_pred / y_pred.sum(-1, keepdims=True))

    def backward(self):
        rest = self.t.sum(-1, keepdims=True) / self.raw.sum(-1, keepdims=True)
        return (rest - self.t / self.raw) / len(self.raw)


class KLDivergence:
    least = 0.0

    def forward(self, p, q):
        self.p, self.q = np.maximum(p, self.least), np.maximum(q, self.least)
        return np.sum(self.p * np.log(self.p / self.q)) / len(p)

    def backward(self):
        return -self.p / self.q / len(self.p)


class ClampedKLDivergence(KLDivergence):
    least = 1e-12


class PlusKLDivergence(KLDivergence):
    def backward(self):
        return -super().backward()


class BinaryCrossentropy:
    """Of logits."""

    def forward(self, y_true, y_pred):
        self.t, self.z = y_true, y_pred
        return np.mean(np.maximum(y_pred, 0) - y_pred * y_true + np.log1p(np.exp(-np.abs(y_pred))))

    def backward(self):
        e = np.exp(-np.abs(self.z))
        return (np.where(self.z >= 0, 1, e) / (1 + e) - self.t) / self.z.size


class BCELoss(BinaryCrossentropy):
    """PyTorch's name promises that it takes probabilities."""


# ------------------------------------------------------------------ reductions, gradients nobody asked for


class KLDivLoss:
    def __init__(self, reduction="batchmean"):
        self.reduction = reduction

    def forward(self, input, target):
        self.t, self.n = target, len(input)
        return np.sum(target * (np.log(target) - input)) / self.n

    def backward(self):
        return -self.t / self.n


class OverAllKLDivLoss(KLDivLoss):
    def forward(self, input, target):
        super().forward(input, target)
        self.n = input.size
        return np.mean(target * (np.log(target) - input))


class Averages:
    forward: Any

    def calculate(self, output, y):
        return np.mean(self.forward(output, y))


class LossMeanSquaredError(Averages):
    """One value for each sample; the base class takes their mean."""

    def forward(self, y_pred, y_true):
        return np.mean((y_true - y_pred) ** 2, axis=-1)

    def backward(self, dvalues, y_true):
        self.dinputs = -2 * (y_true - dvalues) / dvalues.size


class UndividedMeanSquaredError(LossMeanSquaredError):
    def backward(self, dvalues, y_true):
        self.dinputs = -2 * (y_true - dvalues) / len(dvalues[0])


class AloneSquaredError:
    """Nothing says what becomes of its outputs: their mean is as good as their sum."""

    def forward(self, y_pred, y_true):
        return ((y_true - y_pred) ** 2).mean(axis=-1)

    def backward(self, y_pred, y_true):
        return -2 * (y_true - y_pred) / y_pred.size


class GaussianNLLLoss:
    coefficient = 0.5

    def forward(self, input, target, var):
        self.d, self.var = input - target, var
        return np.mean(0.5 * (np.log(var) + self.d**2 / var))

    def backward(self):
        of_var = self.coefficient * (1 / self.var - self.d**2 / self.var**2)
        return self.d / self.var / self.d.size, of_var / self.d.size


class TwiceGaussianNLLLoss(GaussianNLLLoss):
    coefficient = 1.0


class Huber:
    slope = 1.35

    def forward(self, prediction, target):
        self.z = prediction - target
        a = np.abs(self.z)
        return np.mean(np.where(a < 1.35, self.z**2 / 2, 1.35 * (a - 1.35 / 2)))

    def backward(self):
        return np.where(np.abs(self.z) < 1.35, self.z, self.slope * np.sign(self.z)) / self.z.size


class HuberWithoutDelta(Huber):
    slope = 1.0


def hinge_embedding(x, y, margin=1.0):
    loss = np.where(y == 1, x, np.maximum(0, margin - x)).mean()
    return loss, np.where(y == 1, 1.0, np.where(x <= margin, -1.0, 0.0)) / x.size


#: The candidate, what it is named, its reference, and the errors; warnings behind them.
ROWS: list[tuple[Any, str, str | None, set[str], set[str]]] = [
    (Squash, "", "torch.nn.Tanh()", set(), set()),
    (SquashIgnoring, "", "torch.nn.Tanh()", {"upstream-ignored"}, set()),
    (SquashTwice, "", "torch.nn.Tanh()", {"gradient-scale", "gradient-sign"}, set()),
    (Upto20, "", None, set(), set()),
    (ColumnSoftmax, "", "torch.nn.Softmax()", set(), {"wrong-axis"}),
    (Objective, "", "torch.nn.CrossEntropyLoss(reduction='sum')", set(), {"not-finite"}),
    (ObjectiveOverN, "", "torch.nn.CrossEntropyLoss(reduction='sum')", {"gradient-scale"}, {"not-finite"}),
    (
        MeanObjective,
        "",
        "torch.nn.CrossEntropyLoss(reduction='mean')",
        {"gradient-scale", "gradient-sign"},
        {"not-finite"},
    ),
    (QuarticLoss, "", None, set(), set()),
    (QuarticLossTimesSize, "", None, {"gradient-scale", "gradient-sign"}, set()),
    (
        CategoricalCrossEntropy,
        "",
        "torch.nn.CrossEntropyLoss(reduction='mean')",
        set(),
        set(),
    ),
    (
        BiasedCategoricalCrossEntropy,
        "CategoricalCrossEntropy",
        "torch.nn.CrossEntropyLoss(reduction='mean')",
        set(),
        {"epsilon-bias", "clamped-gradient"},
    ),
    (NormalisingCategoricalCrossEntropy, "CategoricalCrossEntropy", None, set(), set()),
    (KLDivergence, "", "torch.nn.KLDivLoss(reduction='batchmean')", set(), {"not-finite"}),
    (
        ClampedKLDivergence,
        "KLDivergence",
        "torch.nn.KLDivLoss(reduction='batchmean')",
        set(),
        {"epsilon-bias", "clamped-gradient"},
    ),
    (
        PlusKLDivergence,
        "KLDivergence",
        "torch.nn.KLDivLoss(reduction='batchmean')",
        {"gradient-sign"},
        set(),
    ),
    (BinaryCrossentropy, "", "torch.nn.BCEWithLogitsLoss(reduction='mean')", set(), set()),
    (BCELoss, "", "torch.nn.BCELoss()", {"softmax-twice"}, set()),
    (KLDivLoss, "", "torch.nn.KLDivLoss(reduction='batchmean')", set(), {"not-finite"}),
    (OverAllKLDivLoss, "KLDivLoss", "torch.nn.KLDivLoss(reduction='batchmean')", {"reduction"}, set()),
    (LossMeanSquaredError, "", "torch.nn.MSELoss()", set(), set()),
    (UndividedMeanSquaredError, "MeanSquaredError", "torch.nn.MSELoss()", {"gradient-scale"}, set()),
    (AloneSquaredError, "SquaredErrorLoss", "torch.nn.MSELoss()", set(), {"reduction"}),
    (GaussianNLLLoss, "", "torch.nn.GaussianNLLLoss()", set(), set()),
    (TwiceGaussianNLLLoss, "GaussianNLLLoss", "torch.nn.GaussianNLLLoss()", {"gradient-scale"}, set()),
    (Huber, "", "torch.nn.HuberLoss()", set(), {"forward-value"}),
    (HuberWithoutDelta, "Huber", "torch.nn.HuberLoss()", {"inner-derivative-missing"}, {"forward-value"}),
]


@pytest.mark.parametrize("row", ROWS, ids=[row[0].__name__ for row in ROWS])
def test_what_it_is_held_against_and_what_is_found(row: Any) -> None:
    candidate, name, reference, errors, warnings = row
    judgement = bp.check(candidate, name=name or None)
    assert judgement.reference == reference, f"{judgement}"
    found = {f.diagnosis for f in judgement.findings if f.severity is Severity.ERROR}
    warned = {f.diagnosis for f in judgement.findings if f.severity is Severity.WARNING}
    assert (found, warned) == (errors, warnings), f"{judgement}"
    assert judgement.verdict is (Verdict.FAIL if errors else Verdict.PASS)


def test_with_like_none_nothing_is_guessed() -> None:
    judgement = bp.check(SquashIgnoring, like=None)
    assert judgement.reference is None
    assert judgement.verdict is Verdict.FAIL


def test_a_reference_found_by_its_numbers_is_said() -> None:
    assert "its forward is that of torch.nn.Tanh()" in bp.check(Squash).reason
    assert "it takes probabilities" in bp.check(KLDivergence).reason
