"""The modules that the tests are made from: every one that has parameters, and models of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from backproof import nn
from tests.ops.examples import generator

Array: TypeAlias = NDArray[Any]


@dataclass(frozen=True)
class Made:
    """A module, how to make it, and what to call it with.

    An input is a shape, or a number below which indices are drawn, with the shape.
    """

    what: str
    make: Callable[..., nn.Module]
    inputs: tuple[tuple[int, ...] | tuple[int, tuple[int, ...]], ...]

    def __str__(self) -> str:
        return self.what

    def draw(self, dtype: Any) -> list[Array]:
        rng = generator(self.what)
        return [
            np.asarray(rng.integers(0, given[0], given[1]))
            if len(given) == 2 and isinstance(given[1], tuple)
            else rng.standard_normal(given).astype(dtype)
            for given in self.inputs
        ]


LAYERS = [
    Made("Linear", lambda **k: nn.Linear(5, 3, rng=0, **k), ((7, 5),)),
    Made("Linear, one sample", lambda **k: nn.Linear(5, 3, rng=0, **k), ((5,),)),
    Made("Linear, two axes of batch", lambda **k: nn.Linear(5, 3, rng=0, **k), ((2, 7, 5),)),
    Made("Linear, no bias", lambda **k: nn.Linear(5, 3, bias=False, rng=0, **k), ((7, 5),)),
    Made("Linear, no rows", lambda **k: nn.Linear(5, 3, rng=0, **k), ((0, 5),)),
    Made("Bilinear", lambda **k: nn.Bilinear(5, 2, 3, rng=0, **k), ((7, 5), (7, 2))),
    Made("Embedding", lambda **k: nn.Embedding(5, 3, rng=0, **k), ((5, (7, 2)),)),
    Made("Embedding, padding", lambda **k: nn.Embedding(5, 3, padding_idx=-2, rng=0, **k), ((5, (17,)),)),
    Made("BatchNorm1d", lambda **k: nn.BatchNorm1d(5, **k), ((7, 5),)),
    Made("BatchNorm1d, mean of all", lambda **k: nn.BatchNorm1d(5, momentum=None, **k), ((7, 5, 3),)),
    Made("BatchNorm1d, bare", lambda **k: nn.BatchNorm1d(5, affine=False, **k), ((7, 5),)),
    Made("BatchNorm1d, untracked", lambda **k: nn.BatchNorm1d(5, track_running_stats=False, **k), ((7, 5),)),
    Made("BatchNorm2d", lambda **k: nn.BatchNorm2d(3, momentum=0.3, **k), ((2, 3, 5, 7),)),
    Made("LayerNorm", lambda **k: nn.LayerNorm((3, 5), **k), ((7, 3, 5),)),
    Made("LayerNorm, no bias", lambda **k: nn.LayerNorm(5, bias=False, **k), ((7, 5),)),
    Made("LayerNorm, bare", lambda **k: nn.LayerNorm(5, elementwise_affine=False, **k), ((7, 5),)),
    Made("RMSNorm", lambda **k: nn.RMSNorm(5, **k), ((7, 5),)),
    Made("GroupNorm", lambda **k: nn.GroupNorm(3, 6, **k), ((2, 6, 5),)),
    Made("Conv1d", lambda **k: nn.Conv1d(4, 6, 3, stride=2, padding=1, groups=2, rng=0, **k), ((2, 4, 11),)),
    Made("Conv2d", lambda **k: nn.Conv2d(3, 5, (2, 3), dilation=2, rng=0, **k), ((2, 3, 7, 11),)),
    Made("Conv2d, same", lambda **k: nn.Conv2d(3, 5, 3, padding="same", bias=False, **k), ((3, 5, 7),)),
    Made("RNNCell", lambda **k: nn.RNNCell(5, 3, nonlinearity="relu", rng=0, **k), ((7, 5), (7, 3))),
    Made("RNNCell, one sample", lambda **k: nn.RNNCell(5, 3, bias=False, rng=0, **k), ((5,), (3,))),
    Made("GRUCell", lambda **k: nn.GRUCell(5, 3, rng=0, **k), ((7, 5), (7, 3))),
    Made("GRUCell, from zeros", lambda **k: nn.GRUCell(5, 3, bias=False, rng=0, **k), ((7, 5),)),
    Made("LSTMCell", lambda **k: nn.LSTMCell(5, 3, rng=0, **k), ((7, 5),)),
    Made("Attention", lambda **k: nn.MultiheadAttention(6, 2, rng=0, **k), ((5, 2, 6), (3, 2, 6), (3, 2, 6))),
    Made(
        "Attention, further places",
        lambda **k: nn.MultiheadAttention(
            6,
            3,
            bias=False,
            add_bias_kv=True,
            add_zero_attn=True,
            kdim=4,
            vdim=7,
            batch_first=True,
            rng=0,
            **k,
        ),
        ((2, 5, 6), (2, 3, 4), (2, 3, 7)),
    ),
    Made("PReLU", lambda **k: nn.PReLU(5, **k), ((7, 5, 3),)),
]
PLAIN = [
    Made("MaxPool2d", lambda: nn.MaxPool2d(3, stride=2, padding=1), ((2, 3, 7, 11),)),
    Made("MaxPool2d, ceiling", lambda: nn.MaxPool2d(2, ceil_mode=True), ((2, 3, 7, 11),)),
    Made("AvgPool2d", lambda: nn.AvgPool2d(3, 2, 1, count_include_pad=False), ((2, 3, 7, 11),)),
    Made("Flatten", nn.Flatten, ((2, 3, 5),)),
    Made("Flatten, the first", lambda: nn.Flatten(0, 1), ((2, 3, 5),)),
]


def convnet() -> nn.Sequential:
    """Give a model with every kind of state, nested."""
    features = nn.Sequential(nn.Conv2d(1, 2, 3, rng=0), nn.BatchNorm2d(2), nn.ReLU(), nn.MaxPool2d(2))
    return nn.Sequential({"features": features, "flat": nn.Flatten(), "head": nn.Linear(18, 4, rng=1)})
