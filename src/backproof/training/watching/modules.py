"""The modules of a model, of our own and of PyTorch: their names, and what they give."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["RECTIFIERS", "called", "leaves", "overheard", "owner"]

#: Activations whose gradient is 0 wherever their output is.
RECTIFIERS = ("ReLU", "ReLU6")


def leaves(model: Any) -> dict[str, Any]:
    """Give the modules that have no others within them, by their paths, in their order."""
    named = list(model.named_modules())
    return {
        path: module
        for path, module in named
        if not any(other.startswith(f"{path}." if path else "") for other, _ in named if other != path)
    }


def owner(parameter: str) -> str:
    """Give the path of the module that has a parameter.

    >>> owner("features.0.weight"), owner("bias")
    ('features.0', '')
    """
    return parameter.rpartition(".")[0]


def called(model: Any, path: str) -> str:
    """Give a module as it is called: with its path, and in one line.

    >>> from backproof import nn
    >>> called(nn.Sequential(nn.Linear(2, 1)), "0"), called(nn.Tanh(), "")
    ('0: Linear(in_features=2, out_features=1, bias=True)', 'Tanh()')
    """
    module = dict(model.named_modules()).get(path)
    if module is None:
        return path
    shown = repr(module)
    said = type(module).__name__ if "\n" in shown or len(shown) > 80 else shown
    return f"{path}: {said}" if path else said


@contextlib.contextmanager
def overheard(modules: Mapping[str, Any]) -> Iterator[dict[str, NDArray[Any]]]:
    """Give a dictionary that has, after a forward, what each of these modules gave last, by their paths."""
    outputs: dict[str, NDArray[Any]] = {}

    def listening(path: str, forward: Callable[..., Any]) -> Callable[..., Any]:
        def heard(*inputs: Any, **keywords: Any) -> Any:
            output = forward(*inputs, **keywords)
            if not isinstance(output, tuple):
                outputs[path] = np.asarray(output.detach().cpu() if hasattr(output, "detach") else output)
            return output

        return heard

    # A method of a module's own stands before that of its class, for calls of any kind.
    own = {path: vars(module).get("forward") for path, module in modules.items()}
    for path, module in modules.items():
        vars(module)["forward"] = listening(path, module.forward)
    try:
        yield outputs
    finally:
        for path, module in modules.items():
            if own[path] is None:
                del vars(module)["forward"]
            else:
                vars(module)["forward"] = own[path]
