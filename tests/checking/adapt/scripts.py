"""Whole scripts: one full of candidates, and one in which nothing is any."""

from __future__ import annotations

EVERYTHING = """
    import enum
    from dataclasses import dataclass
    import numpy as np
    import torch
    from torch import nn
    from torch.utils.data import Dataset

    class MSELoss(nn.Module):
        def forward(self, y_pred, y_true):
            return ((y_pred - y_true) ** 2).mean()

    class HuberLoss(nn.Module):
        def __init__(self, delta=1.0, reduction="mean"):
            super().__init__()
        def forward(self, input, target):
            return (input - target).abs().mean()

    class Swish(nn.Module):
        def forward(self, x):
            return x * torch.sigmoid(x)

    class Relu(nn.Module):
        def forward(self, x):
            return x.clamp(min=0)
        def backward(grad_output):
            return grad_output

    class Scale(nn.Module):
        def __init__(self, dim):
            super().__init__()
            self.weight = nn.Parameter(torch.ones(dim))
        def forward(self, x):
            return x * self.weight

    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.fc = nn.Linear(3, 2)
        def forward(self, x):
            return self.fc(x)

    class Block(nn.Module):
        def __init__(self):
            super().__init__()
            self.inner = Swish()
        def forward(self, x):
            return x + self.inner(x)

    class Square(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            ctx.save_for_backward(x)
            return x * x
        @staticmethod
        def backward(ctx, g):
            (x,) = ctx.saved_tensors
            return 2 * g * x

    class Linear:
        def __init__(self, n_in, n_out):
            self.W = np.zeros((n_in, n_out))
        def __call__(self, x):
            self.x = x
            return x @ self.W
        def grad(self, g):
            return self.x.T @ g, g @ self.W.T

    class Model:
        def __init__(self, layers):
            self.layers = layers
        def forward(self, x):
            for layer in self.layers:
                x = layer(x)
            return x
        def backward(self, g):
            return g

    def softmax(x):
        return np.exp(x) / np.exp(x).sum(1, keepdims=True)

    def softmax_backward(dout, p):
        return p * (dout - (dout * p).sum(1, keepdims=True))

    def f(x):
        return x ** 2 + 3 * x

    def grad_f(x):
        return 2 * x + 3

    class AdamOptimizer:
        def __init__(self, params, lr=1e-3):
            self.params, self.lr = params, lr
        def step(self):
            with torch.no_grad():
                pass
        def zero_grad(self):
            pass

    class RMSPropOptimizer(torch.optim.Optimizer):
        def step(self):
            pass

    class Momentum:
        def __init__(self, lr=0.1):
            self.lr = lr
        def update(self, params, grads):
            pass
"""

LEFT_ALONE = """
    import abc
    import enum
    from dataclasses import dataclass
    import numpy as np
    import torch
    from torch import nn
    from torch.nn import Tanh, MSELoss
    from torch.utils.data import Dataset

    Activation = nn.ReLU
    model = nn.Sequential(nn.Linear(3, 2), nn.ReLU())
    loss = nn.MSELoss()

    class Color(enum.Enum):
        RED = 1
        def forward(self, x): return x
        def backward(self, g): return g

    class Trouble(Exception):
        def forward(self, x): return x
        def backward(self, g): return g

    @dataclass
    class Config:
        lr: float = 0.1

    class Points(Dataset):
        def __getitem__(self, i): return i
        def __len__(self): return 3

    class Base(abc.ABC):
        @abc.abstractmethod
        def forward(self, x): ...
        @abc.abstractmethod
        def backward(self, g): ...

    class Layer:
        def forward(self, x):
            raise NotImplementedError
        def backward(self, g):
            raise NotImplementedError

    class ModuleBase(nn.Module):
        def forward(self, x):
            raise NotImplementedError("to be written by whoever inherits")

    class Inherits(Layer):
        def describe(self): return "nothing of its own"

    class AlsoInherits(ModuleBase):
        pass

    class WithoutForward(nn.Module):
        def __init__(self):
            super().__init__()

    class Value:
        def __init__(self, data):
            self.data, self.grad = data, 0
        def backward(self):
            self.grad = 1

    class Preprocessor:
        def __call__(self, x): return x

    class RegressionModel:
        def forward(self, x): return x
        def update(self): ...

    def exercise_1():
        return torch.tensor(1.0)

    def exercise_2(x):
        class Hidden(nn.Module):
            def forward(self, x): return x
        return Hidden()(x)

    def train(model, x, y, lr): ...
    def sigmoid(x): return 1 / (1 + np.exp(-x))
    def numerical_gradient(f, x): ...
    def zero_grad(params): ...
    def plot_gradient(x): ...
    def gradient_descent(x, lr): ...
    def conv_2d(x, w): ...
    def clip_gradient(g): ...
"""
