"""The constructors of the modules made from the catalogue: PyTorch's arguments in PyTorch's order."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from backproof.nn.arguments import only
from backproof.nn.component import REFUSALS, Component, refused
from backproof.nn.thin import THIN
from backproof.ops import Op

__all__ = ["constructor"]

#: The arguments of PyTorch's constructors where they are not simply the arrays that may be left out and
#: the options of the op, and for a loss `_DEPRECATED`. What follows a star goes by keyword only.
_ORDER = {
    "BCEWithLogitsLoss": "weight size_average reduce reduction pos_weight",
    "CELU": "alpha inplace",
    "CrossEntropyLoss": "weight size_average ignore_index reduce reduction label_smoothing",
    "ELU": "alpha inplace",
    "GaussianNLLLoss": "* full eps reduction",
    "Hardsigmoid": "inplace",
    "Hardswish": "inplace",
    "Hardtanh": "min_val max_val inplace min_value max_value",
    "HuberLoss": "reduction delta",
    "KLDivLoss": "size_average reduce reduction log_target",
    "LeakyReLU": "negative_slope inplace",
    "Mish": "inplace",
    "MultiMarginLoss": "p margin weight size_average reduce reduction",
    "NLLLoss": "weight size_average ignore_index reduce reduction",
    "PoissonNLLLoss": "log_input full size_average eps reduce reduction",
    "ReLU": "inplace",
    "ReLU6": "inplace",
    "SELU": "inplace",
    "SiLU": "inplace",
    "SmoothL1Loss": "size_average reduce reduction beta",
    "Threshold": "threshold value inplace",
}
_DEPRECATED = "size_average reduce reduction"
#: Defaults of PyTorch's modules that are not those of the ops, whose functions must have one.
_DEFAULTS: dict[str, dict[str, Any]] = {
    "Softmax": {"dim": None},
    "Softmin": {"dim": None},
    "LogSoftmax": {"dim": None},
    "Threshold": dict.fromkeys(("threshold", "value"), inspect.Parameter.empty),
}
#: What no op has. ``inplace`` says whether memory is saved, which changes no number; the others are
#: PyTorch's old words for something, and may be ``None``.
_BESIDES = {"inplace": False, **dict.fromkeys(("size_average", "reduce", "min_value", "max_value"))}


def _signature(op: Op, arrays: Iterable[str]) -> inspect.Signature:
    """Give the constructor's arguments."""
    options = [name for name in op.options if name != "reduction"]
    order = " ".join([*arrays, *options, *([_DEPRECATED] if op.kind == "loss" else [])])
    defaults = {**_BESIDES, **dict.fromkeys(arrays), **op.options, **_DEFAULTS.get(op.name, {})}
    kind: Any = inspect.Parameter.POSITIONAL_OR_KEYWORD
    parameters = [inspect.Parameter("self", kind)]
    for name in _ORDER.get(op.name, order).split():
        if name == "*":
            kind = inspect.Parameter.KEYWORD_ONLY
        else:
            parameters.append(inspect.Parameter(name, kind, default=defaults[name]))
    return inspect.Signature(parameters)


def constructor(op: Op, arrays: Iterable[str]) -> Callable[..., None]:
    """Write a constructor that keeps its arguments as attributes, and arrays as buffers.

    What no input could be computed with is refused: the op is tried on a small one.
    """
    signature = _signature(op, arrays)

    def __init__(self: Component, *args: Any, **kwargs: Any) -> None:  # noqa: N807 - it becomes the method
        try:
            bound = signature.bind(self, *args, **kwargs)
            bound.apply_defaults()
            for name, value in list(bound.arguments.items())[1:]:
                if name not in op.options and name not in arrays and name != "inplace":
                    only(self, **{name: (value, None)})
                elif name not in arrays:
                    setattr(self, name, value)
                elif value is not None:
                    self.register_buffer(name, value)
            if "dim" not in op.options:  # which may be an axis that a small input has not
                _try(op, self._options())
        except REFUSALS as error:
            if op.name in str(error):
                raise
            given = ", ".join([*map(repr, args), *(f"{name}={value!r}" for name, value in kwargs.items())])
            raise refused(error, f"{op.name}({given}): {error}") from error

    __init__.__signature__ = signature  # type: ignore[attr-defined]  # what inspect and help look for
    return __init__


def _try(op: Op, options: dict[str, Any]) -> None:
    """Compute the op once, so that it refuses options that are wrong whatever the input."""
    arrays = [
        None
        if argument.optional
        else np.zeros(shape, np.int64)
        if argument.domain == "class"
        else np.full(shape, 0.5)
        for argument in op.arguments.values()
        for shape in [argument.shape(dict.fromkeys(argument.letters, 2))]
    ]
    with np.errstate(all="ignore"):
        op.forward(THIN, *arrays, **options)
