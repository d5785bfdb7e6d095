"""What an optimizer on NumPy is: an update rule with the parameters it moves, in groups, and their state."""

from __future__ import annotations

import copy
import inspect
import itertools
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

from backproof.optim.states import States
from backproof.updates import State, UpdateRule, apply
from backproof.updates.following import FollowingRule, as_number

if TYPE_CHECKING:
    import torch

__all__ = ["Optimizer", "Parameter", "optimizer_of"]


class Parameter(Protocol):
    """What an optimizer moves: anything with an array and its gradient, such as ``nn.Parameter``.

    One with a ``requires_grad`` that is false is frozen, and stays as it is.
    """

    data: NDArray[Any]
    grad: Any


#: Parameters under ``"params"`` with their hyperparameters.
Group: TypeAlias = dict[str, Any]
#: How PyTorch's optimizers compute. Here there is one way.
_COMPUTING = ("foreach", "fused", "capturable", "differentiable")


class Optimizer:
    """Base of the optimizers; each is made from its update rule by `optimizer_of`.

    Parameters
    ----------
    params
        Parameters, or groups: dictionaries with parameters under ``"params"`` and the
        hyperparameters that are the group's own.
    *values, **hyperparameters
        The update rule's, in the order and with the names and defaults of ``torch.optim``. What says how
        PyTorch computes (``foreach``, ``fused``, ``capturable``, ``differentiable``) may be left off:
        ``None`` or ``False``.

    Attributes
    ----------
    param_groups
        The groups. A hyperparameter may be changed there at any time, and a group removed.
    state
        What the rule remembers of each parameter, by PyTorch's names: a mapping from parameters, which
        need not be hashable.
    defaults
        The hyperparameters of groups that do not have their own.

    Raises
    ------
    TypeError
        If there is an argument the rule does not have, a hyperparameter is no number, or what should be a
        parameter is none.
    ValueError
        If there are no parameters, one is given twice, a hyperparameter is out of its range, or PyTorch's
        way to compute is asked for.
    """

    rule: ClassVar[type[UpdateRule]]
    __signature__: ClassVar[inspect.Signature]

    def __init__(
        self, params: Iterable[Parameter] | Iterable[Group], *values: Any, **hyperparameters: Any
    ) -> None:
        hyperparameters = self._without_computing(hyperparameters)
        try:
            bound = self.__signature__.bind(params, *values, **hyperparameters)
        except TypeError as error:
            raise TypeError(f"{type(self).__name__}{self.__signature__}: {error}") from None
        self.defaults = {**self.rule.hyperparameters(), **bound.arguments}
        del self.defaults["params"]
        self._require_fit(self.defaults)
        self.param_groups: list[Group] = []
        self.state = States()
        self._following = FollowingRule(self.rule)
        given = _listed(params)
        if not given:
            raise ValueError(f"{type(self).__name__} got an empty list of parameters")
        groups = given if isinstance(given[0], Mapping) else [{"params": given}]
        for group in groups:
            self.add_param_group(group)

    def add_param_group(self, param_group: Mapping[str, Any]) -> None:
        """Add parameters with hyperparameters of their own; what is not given is as in `defaults`.

        Raises
        ------
        TypeError
            If the group is no dictionary with ``"params"``, a hyperparameter is no number, or what should
            be a parameter is none.
        ValueError
            If a parameter is there already, or a hyperparameter is out of its range.
        """
        group = {**self.defaults, **_checked(param_group)}
        given = group["params"]
        group["params"] = [given] if _is_parameter(given) else _listed(given)
        seen = {id(parameter) for other in self.param_groups for parameter in other["params"]}
        for parameter in group["params"]:
            if not _is_parameter(parameter):
                raise TypeError(
                    "an optimizer takes parameters, which have an array as .data and a .grad, such as "
                    f"nn.Parameter; got {type(parameter).__name__}"
                )
            if parameter.data.dtype.kind != "f":
                raise TypeError(
                    f"{type(self).__name__} moves parameters of floats; got data.dtype={parameter.data.dtype}"
                )
            if id(parameter) in seen:
                raise ValueError("a parameter is in one group, once; got one twice, which would move twice")
            seen.add(id(parameter))
        if len(param_group) > 1:  # else all is as in the defaults, which fit
            self._require_fit(group)
        self.param_groups.append(group)

    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """Move every parameter that has a gradient, and is not frozen, by one step of the update rule.

        ``closure`` computes the loss and the gradients anew; what it returns is returned.

        Raises
        ------
        ValueError
            If a gradient has another shape than its parameter.
        """
        loss = None if closure is None else closure()
        for group in self.param_groups:
            rule = self._following.at(group)
            for parameter in group["params"]:
                gradient, data = parameter.grad, parameter.data
                if gradient is None or not getattr(parameter, "requires_grad", True):
                    continue
                if gradient.shape != data.shape:
                    raise ValueError(
                        f"a gradient has its parameter's shape; got grad.shape={gradient.shape} "
                        f"for data.shape={data.shape}"
                    )
                state = self.state.get(parameter)
                if state is None:
                    state = self.state[parameter] = rule.start(np, data)
                state.update(apply(np, rule, data, gradient, state))
        return loss

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Let go of the gradients, or with ``set_to_none=False`` fill them with zeros."""
        for group in self.param_groups:
            for parameter in group["params"]:
                if not set_to_none:
                    if parameter.grad is not None:
                        parameter.grad.fill(0)
                elif hasattr(parameter, "zero_grad"):
                    parameter.zero_grad()
                else:
                    parameter.grad = None

    def state_dict(self) -> dict[str, Any]:
        """Give the state and the groups, with a number in place of each parameter, as PyTorch does.

        PyTorch itself takes tensors in the place of arrays: to go on there use `to_torch`.
        """
        numbers = itertools.count()
        groups = [
            {**group, "params": [next(numbers) for _ in group["params"]]} for group in self.param_groups
        ]
        states = {number: self.state.get(parameter) for number, parameter in enumerate(self._parameters())}
        return {
            "state": {number: state for number, state in states.items() if state is not None},
            "param_groups": groups,
        }

    def load_state_dict(self, state_dict: Mapping[str, Any]) -> None:
        """Take over a copy of what `state_dict` gave, of this optimizer or of PyTorch's of the same name.

        Raises
        ------
        ValueError
            If the groups or their sizes are others, or the shapes of the parameters.
        """
        saved = state_dict["param_groups"]
        sizes = [len(group["params"]) for group in self.param_groups]
        if [len(group["params"]) for group in saved] != sizes:
            raise ValueError(
                f"the saved groups need as many parameters as those here, {sizes}; "
                f"got {[len(group['params']) for group in saved]}"
            )
        numbers = [number for group in saved for number in group["params"]]
        self.state = States(
            (parameter, self._copied(state_dict["state"][number], parameter.data))
            for number, parameter in zip(numbers, self._parameters(), strict=True)
            if number in state_dict["state"]
        )
        for group, other in zip(self.param_groups, saved, strict=True):
            own = {key: value for key, value in other.items() if key not in ("params", *_COMPUTING)}
            group.update(copy.deepcopy(own))

    def to_torch(self, params: Iterable[torch.Tensor]) -> torch.optim.Optimizer:
        """Make the optimizer of this name in ``torch.optim``, which goes on from here.

        ``params`` are its parameters, in the order of those here, such as
        ``model.to_torch().parameters()``. Back again goes `load_state_dict`.

        Raises
        ------
        ValueError
            If there are not as many parameters as here.

        Examples
        --------
        >>> from backproof import nn, optim
        >>> model = nn.Linear(2, 1)
        >>> optimizer = optim.Adam(model.parameters(), lr=0.5)
        >>> optimizer.to_torch(model.to_torch().parameters()).param_groups[0]["lr"]
        0.5
        """
        import torch

        given, saved = list(params), self.state_dict()
        if len(given) != len(self._parameters()):
            raise ValueError(
                f"expected as many parameters as here, {len(self._parameters())}; got {len(given)}"
            )
        groups = [
            {**group, "params": [given[number] for number in group["params"]]}
            for group in saved["param_groups"]
        ]
        made: torch.optim.Optimizer = getattr(torch.optim, self.rule.__name__)(groups)
        state = {
            number: {
                name: torch.tensor(float(value) if name in self.rule.numbers else value)
                for name, value in state.items()
            }
            for number, state in saved["state"].items()
        }
        made.load_state_dict({**made.state_dict(), "state": state})
        return made

    def __repr__(self) -> str:
        lines = [f"{type(self).__name__} ("]
        for index, group in enumerate(self.param_groups):
            lines.append(f"Parameter Group {index}")
            lines += [f"    {name}: {group[name]}" for name in sorted(group) if name != "params"]
        return "\n".join([*lines, ")"])

    def _parameters(self) -> list[Parameter]:
        return [parameter for group in self.param_groups for parameter in group["params"]]

    def _require_fit(self, group: Mapping[str, Any]) -> None:
        """Let the rule refuse hyperparameters that are no numbers or out of their range."""
        self.rule(**{name: as_number(group[name]) for name in self.defaults})

    def _without_computing(self, hyperparameters: Mapping[str, Any]) -> dict[str, Any]:
        for name in _COMPUTING:
            if hyperparameters.get(name):
                raise ValueError(
                    f"{type(self).__name__} on NumPy needs {name} None or False, for it says how PyTorch "
                    f"computes; got {name}={hyperparameters[name]!r}"
                )
        return {name: value for name, value in hyperparameters.items() if name not in _COMPUTING}

    def _copied(self, saved: Mapping[str, Any], data: NDArray[Any]) -> State:
        """Give a state as the rule keeps it. What is not there yet PyTorch may have as ``None``."""
        state = {name: value for name, value in saved.items() if value is not None}
        for name in state.keys() - set(self.rule.numbers):
            state[name] = np.asarray(state[name]).astype(data.dtype)
            if state[name].shape != data.shape:
                raise ValueError(
                    f"the saved {name} needs its parameter's shape {data.shape}; got {state[name].shape}"
                )
        return {
            name: as_number(value) if name in self.rule.numbers else value for name, value in state.items()
        }


def _is_parameter(thing: object) -> bool:
    return isinstance(getattr(thing, "data", None), np.ndarray) and hasattr(thing, "grad")


def _checked(group: object) -> Mapping[str, Any]:
    if isinstance(group, Mapping) and "params" in group:
        return group
    raise TypeError(
        f'a parameter group is a dictionary with "params"; got {group!r}. Give either parameters or groups, '
        "not both"
    )


def _listed(params: object) -> list[Any]:
    if _is_parameter(params) or isinstance(params, Mapping) or not isinstance(params, Iterable):
        raise TypeError(
            "expected params, an iterable of parameters or of groups, e.g. model.parameters(); "
            f"got {type(params).__name__}"
        )
    return list(params)


def optimizer_of(rule: type[UpdateRule]) -> type[Optimizer]:
    """Make the optimizer of an update rule, with its name, its hyperparameters and its docstring.

    Examples
    --------
    >>> from backproof.updates import CATALOGUE
    >>> optimizer_of(CATALOGUE["Rprop"]).__signature__
    <Signature (params, lr=0.01, etas=(0.5, 1.2), step_sizes=(1e-06, 50), *, maximize=False)>
    """
    kind: Any = inspect.Parameter.POSITIONAL_OR_KEYWORD
    parameters = [inspect.Parameter("params", kind)]
    for name, value in rule.hyperparameters().items():
        if name == "maximize":  # from here on PyTorch has other arguments in between
            kind = inspect.Parameter.KEYWORD_ONLY
        parameters.append(inspect.Parameter(name, kind, default=value))
    signature = inspect.Signature(parameters)
    # The examples in a rule's docstring are of the rule, and are tested there.
    text = (inspect.getdoc(rule) or "").partition("Examples\n")[0].rstrip()
    described = {"rule": rule, "__signature__": signature, "__doc__": text, "__module__": "backproof.optim"}
    return type(rule.__name__, (Optimizer,), described)
