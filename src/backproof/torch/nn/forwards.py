"""The forwards of modules that need more than reading attributes: chance, running statistics, padding.

Each stands as a function of the module and its inputs, with PyTorch's signature. What is written
here is the module's business; the mathematics is the op's.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch.nn import functional

from backproof.ops import CATALOGUE
from backproof.ops.layers.batch_norm import moved
from backproof.torch.nn.attending import multihead_attention
from backproof.torch.nn.function import function
from backproof.torch.nn.namespace import xp

__all__ = ["FORWARDS"]


# --- An axis that PyTorch guesses ----------------------------------------------------------------


_guess: Callable[..., int] = vars(functional)["_get_softmax_dim"]


def _along_dim(name: str) -> Callable[..., torch.Tensor]:
    call, written = function(CATALOGUE[name]), name.lower().replace("logs", "log_s")

    def forward(self: Any, input: torch.Tensor) -> torch.Tensor:
        # Without an axis PyTorch guesses one, and warns.
        dim = _guess(written, input.ndim, 5) if self.dim is None else self.dim
        output: torch.Tensor = call(input, dim=dim)
        return output

    return forward


# --- Chance --------------------------------------------------------------------------------------

_dropout = function(CATALOGUE["Dropout"])


def dropout(self: torch.nn.Dropout, input: torch.Tensor) -> torch.Tensor:
    """Drop values while training.

    PyTorch itself draws, from ones, so that the same seed gives the same numbers on every device.
    """
    if not self.training or not self.p:
        return input
    mask = functional.dropout(torch.ones_like(input), self.p) != 0
    output: torch.Tensor = _dropout(input, mask, p=self.p)
    return output


# --- Views ---------------------------------------------------------------------------------------


def flatten(self: torch.nn.Flatten, input: torch.Tensor) -> torch.Tensor:
    """Make one axis of several.

    The output is a view where it can be one, and its gradient a view's, which is PyTorch's: of a function
    with a gradient of its own it would be none that may be written to.
    """
    output: torch.Tensor = CATALOGUE["Flatten"].forward(
        xp, input, start_dim=self.start_dim, end_dim=self.end_dim
    )
    return output


# --- Running statistics --------------------------------------------------------------------------


def _batch_norm(name: str) -> Callable[..., torch.Tensor]:
    call = function(CATALOGUE[name])

    def forward(self: torch.nn.BatchNorm1d, input: torch.Tensor) -> torch.Tensor:
        """Normalize by the batch's statistics and keep running ones, or normalize by those."""
        self._check_input_dim(input)  # a subclass may have one of its own
        learns = self.training and self.track_running_stats
        if learns and self.num_batches_tracked is not None:
            self.num_batches_tracked.add_(1)
        if not input.numel():  # nothing has no statistics: any will do, and those that run stay
            running: Any = (input.new_zeros(input.shape[1]), input.new_ones(input.shape[1]))
        else:
            running = (None, None) if self.training else (self.running_mean, self.running_var)
        output: torch.Tensor
        output, mean, var = call(input, self.weight, self.bias, *running, eps=self.eps)
        if learns and input.numel():
            _keep(self, mean.detach(), var.detach(), input.numel() // input.shape[1])
        return output

    return forward


@torch.no_grad()
def _keep(module: torch.nn.BatchNorm1d, mean: torch.Tensor, var: torch.Tensor, count: int) -> None:
    """Update the running statistics."""
    if module.running_mean is None or module.running_var is None:
        return
    running, momentum = (module.running_mean, module.running_var), module.momentum
    # The number is asked for only where it is used: on a GPU that waits.
    batches = math.inf
    if momentum is None and module.num_batches_tracked is not None:
        batches = float(module.num_batches_tracked)
    for old, new in zip(running, moved(running, (mean, var), count, momentum, batches), strict=True):
        old.copy_(new)


# --- Options that stay PyTorch's -----------------------------------------------------------------

_embedding = function(CATALOGUE["Embedding"])


def embedding(self: torch.nn.Embedding, input: torch.Tensor) -> torch.Tensor:
    """Look up rows.

    ``max_norm`` (which changes the weight), ``scale_grad_by_freq`` and ``sparse`` (whose gradient is
    no plain tensor) stay PyTorch's.
    """
    if self.max_norm is not None or self.scale_grad_by_freq or self.sparse:
        return torch.nn.Embedding.forward(self, input)
    output: torch.Tensor = _embedding(input, self.weight, padding_idx=self.padding_idx)
    return output


def max_pool(self: torch.nn.MaxPool2d, input: torch.Tensor) -> Any:
    """Take the largest of each window; with ``return_indices`` the whole stays PyTorch's."""
    if self.return_indices:
        return torch.nn.MaxPool2d.forward(self, input)
    sizes = {
        name: getattr(self, name) for name in ("kernel_size", "stride", "padding", "dilation", "ceil_mode")
    }
    return _max_pool(input, **sizes)


_max_pool = function(CATALOGUE["MaxPool2d"])


# --- Padding, and a batch of one -----------------------------------------------------------------


def _convolution(name: str, axes: int) -> Callable[..., torch.Tensor]:
    call, base = function(CATALOGUE[name]), getattr(torch.nn, name)

    def forward(self: torch.nn.Conv1d, input: torch.Tensor) -> torch.Tensor:
        """Convolve; any padding but with zeros is put on before."""
        if type(self)._conv_forward is not base._conv_forward:  # a subclass has one of its own
            theirs: torch.Tensor = base.forward(self, input)
            return theirs
        padding: Any = self.padding
        padded = input
        if self.padding_mode != "zeros":
            padded = functional.pad(input, self._reversed_padding_repeated_twice, mode=self.padding_mode)
            padding = 0
        single = input.ndim == axes + 1
        output: torch.Tensor = call(
            padded.unsqueeze(0) if single else padded,
            self.weight,
            self.bias,
            stride=self.stride,
            padding=padding,
            dilation=self.dilation,
            groups=self.groups,
        )
        return output.squeeze(0) if single else output

    return forward


# --- Recurrent cells -----------------------------------------------------------------------------


def _cell_inputs(
    module: torch.nn.RNNCellBase, input: torch.Tensor, *states: torch.Tensor | None
) -> list[Any]:
    """Give the input and the states, which are zeros where they are not given, and the parameters."""
    zeros = input.new_zeros((*input.shape[:-1], module.hidden_size))
    parameters = (module.weight_ih, module.weight_hh, module.bias_ih, module.bias_hh)
    return [input, *[zeros if state is None else state for state in states], *parameters]


_rnn_cell, _gru_cell = function(CATALOGUE["RNNCell"]), function(CATALOGUE["GRUCell"])
_lstm_cell = function(CATALOGUE["LSTMCell"])


def rnn_cell(self: torch.nn.RNNCell, input: torch.Tensor, hx: torch.Tensor | None = None) -> torch.Tensor:
    """Take a step of a recurrent network."""
    if self.nonlinearity not in ("tanh", "relu"):
        raise RuntimeError(f"nonlinearity is 'tanh' or 'relu'; got nonlinearity={self.nonlinearity!r}")
    output: torch.Tensor = _rnn_cell(*_cell_inputs(self, input, hx), nonlinearity=self.nonlinearity)
    return output


def gru_cell(self: torch.nn.GRUCell, input: torch.Tensor, hx: torch.Tensor | None = None) -> torch.Tensor:
    """Take a step of a gated recurrent unit."""
    output: torch.Tensor = _gru_cell(*_cell_inputs(self, input, hx))[0]
    return output


def lstm_cell(
    self: torch.nn.LSTMCell, input: torch.Tensor, hx: tuple[torch.Tensor, torch.Tensor] | None = None
) -> tuple[torch.Tensor, torch.Tensor]:
    """Take a step of a long short-term memory."""
    hidden, cell = (None, None) if hx is None else hx
    output, new_cell, _ = _lstm_cell(*_cell_inputs(self, input, hidden, cell))
    return output, new_cell


FORWARDS: Mapping[str, Callable[..., Any]] = {
    **{name: _along_dim(name) for name in ("Softmax", "LogSoftmax", "Softmin")},
    **{name: _batch_norm(name) for name in ("BatchNorm1d", "BatchNorm2d")},
    **{name: _convolution(name, axes) for name, axes in (("Conv1d", 1), ("Conv2d", 2))},
    "Dropout": dropout,
    "Flatten": flatten,
    "Embedding": embedding,
    "MaxPool2d": max_pool,
    "RNNCell": rnn_cell,
    "GRUCell": gru_cell,
    "LSTMCell": lstm_cell,
    "MultiheadAttention": multihead_attention,
}
