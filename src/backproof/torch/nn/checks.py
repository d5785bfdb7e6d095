"""What inputs of a module must be that PyTorch's ``meta`` device does not know: values, some dtypes.

The kinds of exception are PyTorch's. A value is looked at where PyTorch looks at it: on the CPU, and
neither in a compiled function nor inside a transform of ``torch.func``, where there are none to see.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import torch

from backproof.torch.nn.autocast import enabled

__all__ = ["CHECKS"]


def _has_values(*tensors: torch.Tensor) -> bool:
    if torch.compiler.is_compiling():
        return False
    return all(
        tensor.device.type == "cpu"
        and tensor.numel() > 0
        and not torch._C._functorch.is_functorch_wrapped_tensor(tensor)
        for tensor in tensors
    )


def _outside(tensor: torch.Tensor, low: float, high: float) -> float | None:
    """Give a value of a tensor below ``low`` or above ``high``, if there is one."""
    least, largest = (bound.item() for bound in torch.aminmax(tensor.detach()))
    return least if not least >= low else largest if not largest <= high else None


# --- Classes -------------------------------------------------------------------------------------


def _classes(module: Any, input: torch.Tensor, target: torch.Tensor) -> None:
    """Refuse class indices that are none, and dtypes that PyTorch does not take; the op looks at shapes."""
    shares = isinstance(module, torch.nn.CrossEntropyLoss) and target.shape == input.shape
    if shares and target.is_floating_point():
        return  # probabilities, for which PyTorch promotes dtypes
    if type(module.ignore_index) is not int:
        raise TypeError(f"ignore_index is a whole number; got ignore_index={module.ignore_index!r}")
    single = input.ndim == 1 and target.shape in ((), (1,))
    if not (single or shares or (input.ndim > 1 and target.shape == input.shape[:1] + input.shape[2:])):
        return
    if target.dtype not in (torch.int64, torch.uint8) or (shares and not single):
        raise RuntimeError(
            f"target holds class indices, of dtype int64, or, for CrossEntropyLoss, probabilities in the "
            f"shape of input; got a target of {target.dtype} and shape {tuple(target.shape)}"
        )
    _weights(module, input)
    _require_classes(target, input.shape[min(1, input.ndim - 1)], IndexError, module.ignore_index)


def _weights(module: Any, input: torch.Tensor) -> None:
    """Refuse weights of another dtype than the input's."""
    weight = module.weight
    if weight is not None and weight.dtype != input.dtype and not enabled(input.device.type):
        raise RuntimeError(
            f"weight has the dtype of input; got input.dtype={input.dtype}, weight.dtype={weight.dtype}"
        )


def _require_classes(
    target: torch.Tensor, count: int, kind: type[Exception], ignored: int | None = None
) -> None:
    if not _has_values(target) or _outside(target, 0, count - 1) is None:
        return
    if ignored is not None and not 0 <= ignored < count:
        target = target[target != ignored]
    wrong = _outside(target, 0, count - 1) if target.numel() else None
    if wrong is not None:
        raise kind(f"a class is an index from 0 to {count - 1}; got {wrong} in the target")


def _multi_margin(module: Any, input: torch.Tensor, target: torch.Tensor) -> None:
    _weights(module, input)
    if target.dtype != torch.int64:
        raise RuntimeError(f"target holds class indices, of dtype int64; got target.dtype={target.dtype}")
    _require_classes(target, input.shape[-1] if input.ndim else 1, RuntimeError)


def _indices(module: Any, input: torch.Tensor) -> None:
    """Refuse an index of no row."""
    wrong = _outside(input, 0, module.num_embeddings - 1) if _has_values(input) else None
    if wrong is not None:
        raise IndexError(
            f"an index of Embedding is one of a row, from 0 to {module.num_embeddings - 1}; got {wrong}"
        )


# --- Numbers -------------------------------------------------------------------------------------


def _probabilities(module: Any, input: torch.Tensor, target: torch.Tensor) -> None:
    """Refuse what is no probability, and a target of another dtype than the input."""
    if input.dtype != target.dtype and not enabled(input.device.type):
        raise RuntimeError(
            f"target has the dtype of input; got input.dtype={input.dtype}, target.dtype={target.dtype}"
        )
    for name, tensor in (("input", input), ("target", target)):
        wrong = _outside(tensor, 0, 1) if _has_values(tensor) else None
        if wrong is not None:
            raise RuntimeError(f"{name} of BCELoss is between 0 and 1; got {wrong} in it")
    _weighted(module, input, target)


def _variances(module: Any, input: torch.Tensor, target: torch.Tensor, var: torch.Tensor | float) -> None:
    """Refuse a negative variance, and variances that are neither one for each value nor one for a sample."""
    if isinstance(var, float):
        negative = var < 0
    else:
        stretched = sum(size for size, other in zip(var.shape, input.shape, strict=False) if size != other)
        fits = var.shape in (input.shape, input.shape[:-1]) or (var.ndim == input.ndim and stretched == 1)
        if not fits:
            raise ValueError(
                f"var has the shape of input, or 1 in place of one of its sizes; got a var of shape "
                f"{tuple(var.shape)} for an input of shape {tuple(input.shape)}"
            )
        negative = _has_values(var) and _outside(var, 0, float("inf")) is not None
    if negative:
        raise ValueError("var of GaussianNLLLoss is nowhere negative; got a negative one")


def _logits(module: Any, input: torch.Tensor, target: torch.Tensor) -> None:
    """Refuse labels that are whole numbers or truth values, of which PyTorch's formula makes no real ones."""
    if not target.is_floating_point():
        raise RuntimeError(
            f"target of BCEWithLogitsLoss holds real numbers; got target.dtype={target.dtype}; give it as "
            f"target.to({input.dtype})"
        )
    _weighted(module, input, target)


def _soft_margin(module: Any, input: torch.Tensor, target: torch.Tensor) -> None:
    _require_stretched("target", target, module, input)


def _weighted(module: Any, input: torch.Tensor, target: torch.Tensor) -> None:
    if module.weight is not None and input.shape == target.shape:  # else PyTorch is asked
        _require_stretched("weight", module.weight, module, input)


def _require_stretched(name: str, tensor: torch.Tensor, module: Any, input: torch.Tensor) -> None:
    """Refuse what does not broadcast to the shape of the input, or would give the loss a larger one."""
    shape = torch.broadcast_shapes(input.shape, tensor.shape)  # type: ignore[no-untyped-call]  # PyTorch's
    if shape != input.shape:
        raise RuntimeError(
            f"{name} of {type(module).__name__} broadcasts to the shape of input; got an input of shape "
            f"{tuple(input.shape)} and a {name} of shape {tuple(tensor.shape)}"
        )


# --- Axes and dtypes of layers -------------------------------------------------------------------


def _images(module: Any, input: torch.Tensor) -> None:
    """Refuse what is neither an image nor a batch of them."""
    if input.ndim not in (3, 4):
        raise RuntimeError(
            f"{type(module).__name__} takes (channels, height, width) or a batch of it; got an input of "
            f"shape {tuple(input.shape)}"
        )


def _axis(module: Any, input: torch.Tensor) -> None:
    """Refuse an axis that a single number does not have; it has one for PyTorch, 0 or -1."""
    if not input.ndim and module.dim not in (None, 0, -1):
        raise IndexError(f"dim is 0 or -1 for an input of shape (); got dim={module.dim}")


def _normalized(module: Any, input: torch.Tensor) -> None:
    """Refuse numbers of another dtype than the input, unless they are float32 and it is narrower."""
    for name in ("weight", "bias", "running_mean", "running_var"):
        held = getattr(module, name, None)
        if held is None:
            continue
        if name.startswith("running") and held.ndim != 1:
            raise RuntimeError(f"{name} has one axis; got a {name} of shape {tuple(held.shape)}")
        if held.dtype == input.dtype or enabled(input.device.type):
            continue
        if held.dtype != torch.float32 or input.dtype == torch.float64:
            raise RuntimeError(
                f"{type(module).__name__} holds numbers of the input's dtype, or of float32 for a narrower "
                f"one; got {name}.dtype={held.dtype} and an input of {input.dtype}"
            )


def _batch_normalized(module: Any, input: torch.Tensor) -> None:
    if input.numel():  # else PyTorch's looks at nothing
        _normalized(module, input)


#: ``CHECKS[name](module, *inputs)`` refuses what the module of the name cannot take.
CHECKS: Mapping[str, Callable[..., None]] = {
    "CrossEntropyLoss": _classes,
    "NLLLoss": _classes,
    "MultiMarginLoss": _multi_margin,
    "Embedding": _indices,
    "BCELoss": _probabilities,
    "BCEWithLogitsLoss": _logits,
    "GaussianNLLLoss": _variances,
    "SoftMarginLoss": _soft_margin,
    "MaxPool2d": _images,
    **dict.fromkeys(("Softmax", "LogSoftmax", "Softmin"), _axis),
    **dict.fromkeys(("BatchNorm1d", "BatchNorm2d"), _batch_normalized),
    **dict.fromkeys(("LayerNorm", "GroupNorm"), _normalized),
}
