"""Modules for NumPy with explicit gradients, made from the ops; names and arguments are ``torch.nn``'s.

Parameters are float32, as in PyTorch, unless a layer is made with another ``dtype``. A layer computes
as NumPy promotes: float64 input gives float64 output, and the parameters keep their dtype. Integer
input becomes the parameters' dtype, or float64 where there are none.

Examples
--------
>>> import numpy as np
>>> from backproof import nn
>>> model = nn.Sequential(nn.Linear(2, 8, rng=0), nn.Tanh(), nn.Linear(8, 2, rng=1))
>>> loss = nn.CrossEntropyLoss()
>>> x, target = np.array([[0, 0], [0, 1], [1, 0], [1, 1]]), np.array([0, 1, 1, 0])
>>> for _ in range(300):
...     value = loss(model(x), target)
...     grad_input = model.backward(loss.backward())
...     model.update_parameters(lr=0.5)
>>> model.eval()(x).argmax(axis=1).tolist()
[0, 1, 1, 0]
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from backproof._names import no_attribute
from backproof.nn import init
from backproof.nn.containers import Identity, ModuleDict, ModuleList, Sequential
from backproof.nn.convert import from_torch, to_torch
from backproof.nn.files import load, save
from backproof.nn.generated import *  # noqa: F403 - the activations and the losses
from backproof.nn.generated import ACTIVATIONS, LOSSES
from backproof.nn.layers.attention import MultiheadAttention
from backproof.nn.layers.convolution import Conv1d, Conv2d
from backproof.nn.layers.linear import Bilinear, Embedding, Linear
from backproof.nn.layers.normalization import BatchNorm1d, BatchNorm2d, GroupNorm, LayerNorm, RMSNorm
from backproof.nn.layers.prelu import PReLU
from backproof.nn.layers.recurrent import GRUCell, LSTMCell, RNNCell
from backproof.nn.layers.shaping import AvgPool2d, Dropout, Flatten, MaxPool2d
from backproof.nn.module import Module
from backproof.nn.parameter import Parameter

__all__ = [
    "AvgPool2d",
    "BatchNorm1d",
    "BatchNorm2d",
    "Bilinear",
    "Conv1d",
    "Conv2d",
    "Dropout",
    "Embedding",
    "Flatten",
    "GRUCell",
    "GroupNorm",
    "Identity",
    "LSTMCell",
    "LayerNorm",
    "Linear",
    "MaxPool2d",
    "Module",
    "ModuleDict",
    "ModuleList",
    "MultiheadAttention",
    "PReLU",
    "Parameter",
    "RMSNorm",
    "RNNCell",
    "Sequential",
    "from_torch",
    "init",
    "load",
    "save",
    "to_torch",
]
__all__ += [*ACTIVATIONS, *LOSSES]  # noqa: PLE0604 - they are names


if not TYPE_CHECKING:  # type checkers know the names

    def __getattr__(name: str) -> Any:
        raise no_attribute(__name__, name, __all__)
