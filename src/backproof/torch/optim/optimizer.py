"""An optimizer of PyTorch's whose step is an update rule's."""

from __future__ import annotations

import functools
import inspect
import types
from collections.abc import Callable, MutableMapping
from typing import Any

import array_api_compat.torch
import torch
from torch import Tensor
from torch.utils.weak import WeakIdKeyDictionary

from backproof.updates import CATALOGUE, State, UpdateRule, apply
from backproof.updates.blocks import InPlace
from backproof.updates.following import FollowingRule

__all__ = ["optimizer_of"]

#: The array API namespace of tensors; the sign of NaN is PyTorch's, 0, by which nothing is moved.
xp = types.SimpleNamespace(**{**vars(array_api_compat.torch), "sign": torch.sign})
#: With PyTorch's functions that go over the arrays once.
_IN_PLACE = InPlace(
    xp,
    running_average=lambda mean, value, decay: mean.lerp_(value, 1 - decay),
    plain_step=lambda parameter, rate, direction: parameter.sub_(direction, alpha=rate),
    scaled_step=lambda parameter, rate, direction, scale: parameter.addcdiv_(direction, scale, value=-rate),
)
#: Elements of a block: a call costs more than on NumPy, above all where it is shared among threads.
_BLOCK = 2**19
#: The same on an accelerator: starting a kernel costs more still, and the cache is no limit.
_BLOCK_ON_DEVICE = 2**24

_NOTE = """
Made from this rule; everything but the step is PyTorch's: arguments, errors, groups, hooks, the layout
of the state, so that one goes on in the other from a ``state_dict``. ``foreach`` and ``fused`` are
accepted and have no effect, as has ``capturable`` besides where the step count is kept: steps are
counted in Python, so that no step waits for the device, and none can be captured in a CUDA graph
(refused) or compiled (``torch.compile`` leaves it as it is). With ``differentiable`` the step can be
differentiated, but for the hyperparameters. Gradients are dense."""


def optimizer_of(rule: type[UpdateRule]) -> type[torch.optim.Optimizer]:
    """Give the optimizer of an update rule, made once: a subclass of that of its name in ``torch.optim``.

    Examples
    --------
    >>> from backproof.updates import CATALOGUE
    >>> made = optimizer_of(CATALOGUE["Rprop"])
    >>> made.__bases__
    (<class 'torch.optim.rprop.Rprop'>,)
    """
    if rule not in _MADE:
        _MADE[rule] = _make(rule)
    return _MADE[rule]


_MADE: dict[type[UpdateRule], type[torch.optim.Optimizer]] = {}


def _make(rule: type[UpdateRule]) -> type[torch.optim.Optimizer]:
    theirs = getattr(torch.optim, rule.__name__)
    names = [parent.__name__ for parent in theirs.__mro__[1:]]
    ours = [
        optimizer_of(CATALOGUE[name]) for name in names if name in CATALOGUE
    ]  # our AdamW is an Adam of ours

    @functools.wraps(theirs.__init__)
    def __init__(self: Any, *args: Any, **options: Any) -> None:  # noqa: N807 - it is the class's
        theirs.__init__(self, *args, **options)
        # Set by fused=True: then a gradient scaler would leave unscaling to PyTorch's kernel.
        self._step_supports_amp_scaling = False

    # The examples in a rule's docstring are of the rule, and are tested there.
    text = (inspect.getdoc(rule) or "").partition("Raises\n")[0].rstrip()
    described = {"rule": rule, "__init__": __init__, "step": _step, "__doc__": f"{text}\n{_NOTE}"}
    return type(rule.__name__, (theirs, *ours), {**described, "__module__": "backproof.torch.optim"})


def _step(self: Any, closure: Callable[[], Any] | None = None) -> Any:
    """Move every parameter that has a gradient by one step of the update rule.

    ``closure`` computes the loss and the gradients anew; what it returns is returned.

    Raises
    ------
    RuntimeError
        If a gradient is sparse, or is to be had of a hyperparameter, or a graph of kernels is being
        captured.
    """
    loss = None
    if closure is not None:
        with torch.enable_grad():
            loss = closure()
    if torch.compiler.is_compiling():
        # The rules count in Python, so that the compiler would compile each step anew.
        torch.compiler.disable(_move_all)(self)  # type: ignore[no-untyped-call]  # of torch's
    else:
        _move_all(self)
    return loss


_step.__name__ = _step.__qualname__ = "step"


def _move_all(optimizer: Any) -> None:
    name = type(optimizer).__name__
    _refuse_capture(name)
    if "_following" not in optimizer.__dict__:  # nor has a copy, or what comes out of a pickle
        optimizer._following, optimizer._numbers = FollowingRule(optimizer.rule), _Numbers()
    differentiable = optimizer.defaults["differentiable"]
    with torch.set_grad_enabled(differentiable):
        for group in optimizer.param_groups:
            rule = optimizer._following.at(group)
            for parameter in group["params"]:
                if parameter.grad is None:
                    continue
                _refuse_sparse(parameter.grad, name)
                state = optimizer.state[parameter]
                if not state:
                    state.update(_start(rule, parameter, group))
                if differentiable:
                    _refuse_hyperparameters(group, rule, name)
                    _move_differentiably(rule, parameter, state, optimizer._numbers)
                else:
                    _move(rule, parameter, state, optimizer._numbers)


def _refuse_capture(name: str) -> None:
    # Without CUDA the question itself fails.
    if torch.backends.cuda.is_built() and torch.cuda.is_current_stream_capturing():  # type: ignore[no-untyped-call]
        raise RuntimeError(
            f"{name} counts its steps in Python, and every replay of a captured graph would repeat the same "
            f"one; step outside of the graph, or use torch.optim.{name}"
        )


def _refuse_sparse(gradient: Tensor, name: str) -> None:
    if gradient.is_sparse:
        raise RuntimeError(
            f"{name} does not support sparse gradients here; use torch.optim.{name} if it does, "
            "torch.optim.SparseAdam, or layers with sparse=False"
        )


def _refuse_hyperparameters(group: dict[str, Any], rule: UpdateRule, name: str) -> None:
    for key in rule.hyperparameters():
        values = group[key] if isinstance(group[key], tuple) else (group[key],)
        if any(isinstance(value, Tensor) and value.requires_grad for value in values):
            raise RuntimeError(
                f"{name} cannot be differentiated for its hyperparameters here, and {key} requires a "
                f"gradient; use torch.optim.{name}"
            )


def _start(rule: UpdateRule, parameter: Tensor, group: dict[str, Any]) -> State:
    """Give the first state as PyTorch keeps it: numbers are tensors too, and complex arrays complex."""
    started = rule.start(xp, _real(parameter.detach()))
    on_device = group.get("capturable") or group.get("fused")
    wide = torch.get_default_dtype() == torch.float64 and not group.get("fused")
    return {
        name: torch.tensor(
            float(value),
            dtype=torch.float64 if wide else torch.float32,
            device=parameter.device if on_device else "cpu",
        )
        if name in rule.numbers
        else _like(value, parameter)
        for name, value in started.items()
    }


def _move(rule: UpdateRule, parameter: Tensor, state: State, numbers: _Numbers) -> None:
    """Make a step in place."""
    block = _BLOCK if parameter.device.type == "cpu" else _BLOCK_ON_DEVICE
    inner = _inner(rule, state, numbers)
    after = apply(_IN_PLACE, rule, _real(parameter), _real(parameter.grad), inner, block)
    for name, value in after.items():
        if name in rule.numbers:
            numbers.write(state[name], value)
        elif state.get(name) is None:  # the others were written to
            state[name] = _like(value, parameter)


def _move_differentiably(rule: UpdateRule, parameter: Tensor, state: State, numbers: _Numbers) -> None:
    """Make a step that autograd follows: the state's tensors are new ones."""
    inner = _inner(rule, state, numbers)
    moved, after = rule.update(xp, _real(parameter), _real(parameter.grad), inner)
    for name, value in after.items():
        if name in rule.numbers:
            state[name] = torch.full_like(state[name], value)
        else:
            state[name] = _like(value, parameter)
    parameter.copy_(_like(moved, parameter))


def _inner(rule: UpdateRule, state: State, numbers: _Numbers) -> State:
    """Give the state as the rule knows it: numbers, and real arrays. SGD's may hold None."""
    return {
        name: numbers.read(value) if name in rule.numbers else _real(value)
        for name, value in state.items()
        if value is not None
    }


class _Numbers:
    """The numbers of the states, which are tensors. Those on a device are known without waiting for it."""

    def __init__(self) -> None:
        self._known: MutableMapping[Tensor, tuple[int, float]] = WeakIdKeyDictionary()

    def read(self, tensor: Tensor) -> float:
        """Give the number in a tensor."""
        if not _is_at_hand(tensor):
            version, number = self._known.get(tensor, (-1, 0.0))
            if version == tensor._version:  # nobody else has written to it
                return number
        return tensor.item()

    def write(self, tensor: Tensor, number: float) -> None:
        """Write a number into a tensor."""
        tensor.fill_(number)
        if not _is_at_hand(tensor):
            # As the tensor holds it, so that a state that was saved goes on alike.
            held = torch.tensor(number, dtype=tensor.dtype).item()
            self._known[tensor] = tensor._version, held


def _is_at_hand(tensor: Tensor) -> bool:
    return tensor.is_cpu


def _real(tensor: Any) -> Any:
    """Give a complex tensor as a view of pairs: a step goes element by element, and for each part alone."""
    return torch.view_as_real(tensor) if tensor.is_complex() else tensor


def _like(tensor: Tensor, parameter: Tensor) -> Tensor:
    """Give pairs as complex numbers again, where the parameter is complex."""
    return torch.view_as_complex(tensor) if parameter.is_complex() else tensor
