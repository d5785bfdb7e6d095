"""What an optimizer on NumPy is: an update rule with the parameters it moves, in groups, and their state."""

from __future__ import annotations

import copy
import inspect
from collections.abc import Callable, Iterable, Mapping
from typing import Any, ClassVar, Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

from backproof.updates import State, UpdateRule, apply
from backproof.updates.following import FollowingRule, as_number

__all__ = ["Optimizer", "Parameter", "optimizer_of"]


class Parameter(Protocol):
    """What an optimizer moves: anything with an array and its gradient, such as ``nn.Parameter``."""

    data: NDArray[Any]
    grad: Any


#: Parameters under ``"params"`` with their hyperparameters.
Group: TypeAlias = dict[str, Any]


class Optimizer:
    """Base of the optimizers; each is made from its update rule by `optimizer_of`.

    Parameters
    ----------
    params
        Parameters, or groups: dictionaries with parameters under ``"params"`` and the
        hyperparameters that are the group's own.
    *values, **hyperparameters
        The update rule's, in the order and with the names and defaults of ``torch.optim``.

    Attributes
    ----------
    param_groups
        The groups. A hyperparameter may be changed there at any time.
    state
        What the rule remembers of each parameter, by PyTorch's names.
    defaults
        The hyperparameters of groups that do not have their own.

    Raises
    ------
    TypeError
        If there is an argument the rule does not have, or what should be a parameter is none.
    ValueError
        If there are no parameters, one is given twice, or a hyperparameter is out of its range.
    """

    rule: ClassVar[type[UpdateRule]]
    __signature__: ClassVar[inspect.Signature]

    def __init__(
        self, params: Iterable[Parameter] | Iterable[Group], *values: Any, **hyperparameters: Any
    ) -> None:
        try:
            bound = self.__signature__.bind(params, *values, **hyperparameters)
        except TypeError as error:
            raise TypeError(f"{type(self).__name__}{self.__signature__}: {error}") from None
        self.defaults = {**self.rule.hyperparameters(), **bound.arguments}
        del self.defaults["params"]
        self.rule(**self.defaults)
        self.param_groups: list[Group] = []
        self.state: dict[Parameter, State] = {}
        self._rules: list[FollowingRule] = []
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
            If the group is no dictionary with ``"params"``, or what should be a parameter is none.
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
            if id(parameter) in seen:
                raise ValueError("a parameter is in one group, once; got one twice, which would move twice")
            seen.add(id(parameter))
        self.rule(**{name: as_number(group[name]) for name in self.defaults})
        self.param_groups.append(group)
        self._rules.append(FollowingRule(self.rule))

    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """Move every parameter that has a gradient by one step of the update rule.

        ``closure`` computes the loss and the gradients anew; what it returns is returned.

        Raises
        ------
        ValueError
            If a gradient has another shape than its parameter.
        """
        loss = None if closure is None else closure()
        for group, following in zip(self.param_groups, self._rules, strict=True):
            rule = following.at(group)
            for parameter in group["params"]:
                gradient, data = parameter.grad, parameter.data
                if gradient is None:
                    continue
                if gradient.shape != data.shape:
                    raise ValueError(
                        f"a gradient has its parameter's shape; got grad.shape={gradient.shape} "
                        f"for data.shape={data.shape}"
                    )
                state = self.state.get(parameter)
                if state is None:
                    state = rule.start(np, data)
                self.state[parameter] = apply(np, rule, data, gradient, state)
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
        """Give the state and the groups, with a number in place of each parameter, as PyTorch does."""
        numbers = self._numbered()
        groups = [
            {**group, "params": [numbers[id(parameter)] for parameter in group["params"]]}
            for group in self.param_groups
        ]
        state = {numbers[id(parameter)]: state for parameter, state in self.state.items()}
        return {"state": state, "param_groups": groups}

    def load_state_dict(self, state_dict: Mapping[str, Any]) -> None:
        """Take over a copy of what `state_dict` gave, of this optimizer or of PyTorch's of the same name.

        Raises
        ------
        ValueError
            If the groups or their sizes are others.
        """
        saved = state_dict["param_groups"]
        sizes = [len(group["params"]) for group in self.param_groups]
        if [len(group["params"]) for group in saved] != sizes:
            raise ValueError(
                f"the saved groups need as many parameters as those here, {sizes}; "
                f"got {[len(group['params']) for group in saved]}"
            )
        for group, other in zip(self.param_groups, saved, strict=True):
            group.update({key: copy.deepcopy(value) for key, value in other.items() if key != "params"})
        numbers = [number for group in saved for number in group["params"]]
        parameters = [parameter for group in self.param_groups for parameter in group["params"]]
        self.state = {
            parameter: self._copied(state_dict["state"][number], parameter.data.dtype)
            for number, parameter in zip(numbers, parameters, strict=True)
            if number in state_dict["state"]
        }

    def __repr__(self) -> str:
        lines = [f"{type(self).__name__} ("]
        for index, group in enumerate(self.param_groups):
            lines.append(f"Parameter Group {index}")
            lines += [f"    {name}: {group[name]}" for name in sorted(group) if name != "params"]
        return "\n".join([*lines, ")"])

    def _numbered(self) -> dict[int, int]:
        parameters = (parameter for group in self.param_groups for parameter in group["params"])
        return {id(parameter): number for number, parameter in enumerate(parameters)}

    def _copied(self, state: Mapping[str, Any], dtype: np.dtype[Any]) -> State:
        return {
            name: as_number(value) if name in self.rule.numbers else np.asarray(value).astype(dtype)
            for name, value in state.items()
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
    <Signature (params, lr=0.01, etas=(0.5, 1.2), step_sizes=(1e-06, 50), maximize=False)>
    """
    kind = inspect.Parameter.POSITIONAL_OR_KEYWORD
    signature = inspect.Signature(
        [
            inspect.Parameter("params", kind),
            *(inspect.Parameter(name, kind, default=value) for name, value in rule.hyperparameters().items()),
        ]
    )
    # The examples in a rule's docstring are of the rule, and are tested there.
    text = (inspect.getdoc(rule) or "").partition("Examples\n")[0].rstrip()
    described = {"rule": rule, "__signature__": signature, "__doc__": text, "__module__": "backproof.optim"}
    return type(rule.__name__, (Optimizer,), described)
