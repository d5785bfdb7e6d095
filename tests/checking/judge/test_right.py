"""Right but different implementations: each passes, and nothing worse than a note is said."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

import backproof as bp
from backproof.checking.findings import Verdict
from backproof.diagnoses import Severity

# ------------------------------------------------------------------ NumPy activations


class ReluByMask:
    def forward(self, x):
        self.on = x > 0
        return np.where(self.on, x, np.zeros_like(x))

    def backward(self, dout):
        return dout * self.on


class ReluByProduct:
    def __call__(self, z):
        self.z = z
        return z * (z > 0)

    def grad(self, g):
        out = g.copy()
        out[self.z <= 0] = 0
        return out


class LeakyReluWithSlope:
    def __init__(self, alpha=0.01):
        self.alpha = alpha

    def forward(self, x):
        self.x = x
        return np.maximum(self.alpha * x, x)

    def backward(self, grad):
        return np.where(self.x > 0, 1.0, self.alpha).astype(grad.dtype) * grad


class SigmoidByTanh:
    def forward(self, x):
        self.out = 0.5 * (1 + np.tanh(x / 2))
        return self.out

    def backward(self, grad_output):
        return grad_output * self.out * (1 - self.out)


class SigmoidFromInput:
    def forward(self, x):
        self.x = x
        e = np.exp(-np.abs(x))
        return np.where(x >= 0, 1 / (1 + e), e / (1 + e))

    def backward(self, grad_output):
        e = np.exp(-np.abs(self.x))
        return e / (1 + e) ** 2 * grad_output


class TanhByExpm1:
    def forward(self, x):
        a = np.expm1(-2 * np.abs(x))
        self.y = np.sign(x) * -a / (2 + a)
        return self.y

    def backward(self, grad_output):
        return (1 - self.y) * (1 + self.y) * grad_output


class SoftmaxByJacobian:
    def forward(self, x):
        e = np.exp(x - x.max(axis=1, keepdims=True))
        self.y = e / e.sum(axis=1, keepdims=True)
        return self.y

    def backward(self, grad_output):
        rows = []
        for y, g in zip(self.y, grad_output, strict=True):
            rows.append((np.diag(y) - np.outer(y, y)) @ g)
        return np.stack(rows)


class LogSoftmax:
    def __call__(self, x):
        top = x.max(axis=-1, keepdims=True)
        self.y = x - (top + np.log(np.exp(x - top).sum(axis=-1, keepdims=True)))
        return self.y

    def backward(self, g):
        return g - np.exp(self.y) * g.sum(axis=-1, keepdims=True)


# ------------------------------------------------------------------ NumPy losses and layers


class MSELoss:
    def __call__(self, y_pred, y_true):
        self.error = y_pred - y_true
        return np.mean(np.square(self.error))

    def grad(self):
        return 2 * self.error / self.error.size


class MAE:
    def forward(self, prediction, target):
        self.prediction, self.target = prediction, target
        return np.abs(target - prediction).sum() / target.size

    def backward(self):
        return np.sign(self.prediction - self.target) / self.target.size


class CrossEntropyFromOneHot:
    def forward(self, logits, targets):
        shifted = logits - logits.max(axis=1, keepdims=True)
        self.p = np.exp(shifted) / np.exp(shifted).sum(axis=1, keepdims=True)
        self.t = targets
        log_p = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
        return -(targets * log_p).sum() / len(logits)

    def backward(self):
        return (self.p - self.t) / len(self.p)


class SoftmaxCrossEntropy:
    def forward(self, scores, labels):
        self.scores, self.labels = scores, labels
        rows = np.arange(len(labels))
        top = scores.max(axis=1)
        return np.mean(top + np.log(np.exp(scores - top[:, None]).sum(axis=1)) - scores[rows, labels])

    def backward(self, dloss=1.0):
        e = np.exp(self.scores - self.scores.max(axis=1, keepdims=True))
        p = e / e.sum(axis=1, keepdims=True)
        p[np.arange(len(self.labels)), self.labels] -= 1
        return dloss * p / len(self.labels)


class CategoricalCrossEntropy:
    """Of probabilities, as in Keras: PyTorch's takes logits."""

    def __call__(self, y, p):
        p = np.clip(p, 1e-15, 1 - 1e-15)
        return -np.sum(y * np.log(p), axis=1).mean()

    def grad(self, y, p):
        return -(y / np.clip(p, 1e-15, 1 - 1e-15)) / y.shape[0]


class LinearOfTwoLetters:
    def __init__(self, i, o):
        self.W = np.zeros((i, o))
        self.b = np.zeros(o)

    def forward(self, x):
        self.x = x
        return x @ self.W + self.b

    def backward(self, g):
        self.dW, self.db = self.x.T @ g, g.sum(0)
        return g @ self.W.T


class BCEWithLogits:
    def forward(self, logits, targets):
        self.z, self.t = logits, targets
        return np.mean(np.logaddexp(0, logits) - targets * logits)

    def backward(self):
        return (np.exp(-np.logaddexp(0, -self.z)) - self.t) / self.z.size


class DenseLayer:
    def __init__(self, n_in, n_out):
        self.W = np.random.randn(n_in, n_out) * 0.1
        self.b = np.zeros((1, n_out))

    def forward(self, x):
        self.x = x
        return x @ self.W + self.b

    def backward(self, dout):
        self.dW = self.x.T @ dout
        self.db = dout.sum(axis=0, keepdims=True)
        return dout @ self.W.T


class Linear:
    def __init__(self, in_features, out_features):
        self.weight = np.zeros((out_features, in_features))
        self.bias = np.zeros(out_features)

    def __call__(self, x):
        self.x = x
        return np.einsum("ni,oi->no", x, self.weight) + self.bias

    def backward(self, grad_output):
        grad_weight = np.einsum("no,ni->oi", grad_output, self.x)
        return grad_output @ self.weight, grad_weight, np.sum(grad_output, axis=0)


# ------------------------------------------------------------------ pairs of functions


def tanh(x):
    return np.sinh(x) / np.cosh(x) if np.all(np.abs(x) < 40) else np.tanh(x)


def tanh_derivative(x):
    return 1 - np.tanh(x) ** 2


def leaky_relu(x, negative_slope=0.01):
    return np.where(x > 0, x, negative_slope * x)


def leaky_relu_backward(grad_output, x, negative_slope=0.01):
    return grad_output * np.where(x > 0, 1, negative_slope).astype(x.dtype)


def softmax(x):
    e = np.exp(x - np.max(x, axis=-1, keepdims=True))
    return e / np.sum(e, axis=-1, keepdims=True)


def softmax_backward(grad_output, y):
    return y * (grad_output - (grad_output * y).sum(axis=-1, keepdims=True))


def mse(prediction, target):
    return ((prediction - target) ** 2).mean()


def mse_grad(prediction, target):
    return 2.0 / prediction.size * (prediction - target)


# ------------------------------------------------------------------ PyTorch


class L1Loss(nn.Module):
    def forward(self, prediction, target):
        return (prediction - target).abs().sum() / target.numel()


class TorchTanh(nn.Module):
    def forward(self, x):
        return 2 * torch.sigmoid(2 * x) - 1


class TorchSoftmax(nn.Module):
    def __init__(self, dim=-1):
        super().__init__()
        self.dim = dim

    def forward(self, x):
        return (x - torch.logsumexp(x, dim=self.dim, keepdim=True)).exp()


class CrossEntropyLoss(nn.Module):
    def forward(self, logits, targets):
        return (torch.logsumexp(logits, dim=1) - logits.gather(1, targets[:, None])[:, 0]).mean()


class BCELoss(nn.Module):
    def forward(self, p, y):
        return nn.functional.binary_cross_entropy(p, y)


class MyLinear(nn.Module):
    def __init__(self, in_features, out_features):
        super().__init__()
        self.weight = nn.Parameter(torch.randn(out_features, in_features) * 0.1)
        self.bias = nn.Parameter(torch.zeros(out_features))

    def forward(self, x):
        return torch.addmm(self.bias, x, self.weight.t())


class SigmoidFunction(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        y = torch.sigmoid(x)
        ctx.save_for_backward(y)
        return y

    @staticmethod
    def backward(ctx, grad_output):
        (y,) = ctx.saved_tensors
        return grad_output * y * (1 - y)


class ReLUFunction(torch.autograd.Function):
    @staticmethod
    def forward(x):
        return x.clamp(min=0)

    @staticmethod
    def setup_context(ctx, inputs, output):
        ctx.save_for_backward(inputs[0])

    @staticmethod
    def backward(ctx, grad_output):
        (x,) = ctx.saved_tensors
        return grad_output.masked_fill(x <= 0, 0)


class LinearFunction(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, weight, bias):
        ctx.save_for_backward(x, weight)
        return x @ weight.t() + bias

    @staticmethod
    def backward(ctx, grad_output):
        x, weight = ctx.saved_tensors
        return grad_output @ weight, grad_output.t() @ x, grad_output.sum(0)


class SigmoidModule(nn.Module):
    def forward(self, x):
        self.y = torch.sigmoid(x)
        return self.y

    def backward(self, grad_output):
        return grad_output * self.y * (1 - self.y)


# ------------------------------------------------------------------ of one's own invention


class Swishish:
    """No reference has this name: it is judged by its own forward."""

    def forward(self, x):
        self.x = x
        return x * np.exp(-x * x)

    def backward(self, grad_output):
        return grad_output * (1 - 2 * self.x**2) * np.exp(-(self.x**2))


# ------------------------------------------------------------------ optimizers


class GradientDescent:
    def __init__(self, params, lr):
        self.params, self.lr = list(params), lr

    @torch.no_grad()
    def step(self):
        for p in self.params:
            if p.grad is not None:
                p.copy_(p - self.lr * p.grad)

    def zero_grad(self):
        for p in self.params:
            p.grad = None


class MomentumOptimizer(torch.optim.Optimizer):
    def __init__(self, params, lr=0.1, momentum=0.9):
        super().__init__(params, {"lr": lr, "momentum": momentum})

    @torch.no_grad()
    def step(self, closure=None):
        for group in self.param_groups:
            for p in group["params"]:
                if p.grad is None:
                    continue
                v = self.state[p].setdefault("v", torch.zeros_like(p))
                v.mul_(group["momentum"]).add_(p.grad)
                p.add_(v, alpha=-group["lr"])


class Adam:
    def __init__(self, params, lr=1e-3, beta1=0.9, beta2=0.999, eps=1e-8):
        self.params = list(params)
        self.lr, self.beta1, self.beta2, self.eps = lr, beta1, beta2, eps
        self.m = [torch.zeros_like(p) for p in self.params]
        self.v = [torch.zeros_like(p) for p in self.params]
        self.t = 0

    def step(self):
        self.t += 1
        with torch.no_grad():
            for p, m, v in zip(self.params, self.m, self.v, strict=True):
                if p.grad is None:
                    continue
                m.add_((1 - self.beta1) * (p.grad - m))
                v.add_((1 - self.beta2) * (p.grad**2 - v))
                rate = self.lr * (1 - self.beta2**self.t) ** 0.5 / (1 - self.beta1**self.t)
                p.sub_(rate * m / (v.sqrt() + self.eps * (1 - self.beta2**self.t) ** 0.5))

    def zero_grad(self):
        for p in self.params:
            if p.grad is not None:
                p.grad.zero_()


class MomentumInSinglePrecision:
    """Its velocity is float32, whatever the parameters are."""

    def __init__(self, params, lr=0.1, momentum=0.9):
        self.params, self.lr, self.momentum = list(params), lr, momentum
        self.velocity = [torch.zeros(p.shape) for p in self.params]

    @torch.no_grad()
    def step(self):
        for p, v in zip(self.params, self.velocity, strict=True):
            if p.grad is not None:
                v.mul_(self.momentum).add_(p.grad)
                p.sub_(self.lr * v)

    def zero_grad(self):
        for p in self.params:
            p.grad = None


class AdamInSinglePrecision(Adam):
    def __init__(self, params, lr=1e-3):
        super().__init__(params, lr)
        self.m = [torch.zeros(p.shape) for p in self.params]
        self.v = [torch.zeros(p.shape) for p in self.params]


ROWS: dict[str, Any] = {
    "MomentumInSinglePrecision": (MomentumInSinglePrecision, {"like": "momentum"}),
    "AdamInSinglePrecision": (AdamInSinglePrecision, {"like": "adam"}),
    "ReluByMask": (ReluByMask, {"like": "relu"}),
    "ReluByProduct": (ReluByProduct, {"like": "relu"}),
    "LeakyReluWithSlope": (LeakyReluWithSlope, {"like": "leaky relu"}),
    "SigmoidByTanh": (SigmoidByTanh, {"like": "sigmoid"}),
    "SigmoidFromInput": (SigmoidFromInput, {"like": "sigmoid"}),
    "TanhByExpm1": (TanhByExpm1, {"like": "tanh"}),
    "SoftmaxByJacobian": (SoftmaxByJacobian, {"like": "softmax"}),
    "LogSoftmax": (LogSoftmax, {}),
    "MSELoss": (MSELoss, {}),
    "MAE": (MAE, {}),
    "CrossEntropyFromOneHot": (CrossEntropyFromOneHot, {"like": "cross entropy"}),
    "SoftmaxCrossEntropy": (SoftmaxCrossEntropy, {}),
    "CategoricalCrossEntropy": (CategoricalCrossEntropy, {}),
    "LinearOfTwoLetters": (LinearOfTwoLetters, {"like": "linear"}),
    "BCEWithLogits": (BCEWithLogits, {}),
    "DenseLayer": (DenseLayer, {}),
    "Linear": (Linear, {}),
    "tanh": ((tanh, tanh_derivative), {}),
    "leaky_relu": ((leaky_relu, leaky_relu_backward), {}),
    "softmax": ((softmax, softmax_backward), {}),
    "mse": ((mse, mse_grad), {}),
    "L1Loss": (L1Loss, {}),
    "TorchTanh": (TorchTanh, {}),
    "TorchSoftmax": (TorchSoftmax, {}),
    "CrossEntropyLoss": (CrossEntropyLoss, {}),
    "BCELoss": (BCELoss, {}),
    "MyLinear": (MyLinear, {}),
    "SigmoidFunction": (SigmoidFunction, {}),
    "ReLUFunction": (ReLUFunction, {}),
    "LinearFunction": (LinearFunction, {}),
    "SigmoidModule": (SigmoidModule, {"like": torch.nn.Sigmoid()}),
    "Swishish": (Swishish, {}),
    "GradientDescent": (GradientDescent, {}),
    "MomentumOptimizer": (MomentumOptimizer, {}),
    "Adam": (Adam, {}),
}


#: What is rightly said of a right implementation besides.
WARNED = {
    "CategoricalCrossEntropy": {"epsilon-bias", "clamped-gradient"},  # its clip bounds the loss
    "TorchTanh": {"precision-loss"},  # 2 σ(2x) − 1 cancels near 0
}


@pytest.mark.parametrize("name", ROWS)
@pytest.mark.parametrize("seed", [0, 1])
def test_a_right_implementation_passes(name: str, seed: int) -> None:
    candidate, settings = ROWS[name]
    judgement = bp.check(candidate, seed=seed, **settings)
    assert judgement.verdict is Verdict.PASS, f"{judgement.reason} {judgement.findings}"
    warned = {f.diagnosis for f in judgement.findings if f.severity is not Severity.NOTE}
    assert warned == WARNED.get(name, set())


@pytest.mark.parametrize("name", ["SoftmaxByJacobian", "MSELoss", "TorchTanh", "LogSoftmax"])
def test_a_right_implementation_passes_by_its_own_forward(name: str) -> None:
    judgement = bp.check(ROWS[name][0], like=None)
    assert judgement.verdict is Verdict.PASS, f"{judgement.reason} {judgement.findings}"
    assert judgement.reference is None
