"""One call of the user's code: arguments in, the arrays of a case as the candidate gets them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from backproof.checking.adapt.filling.arguments import Filled
from backproof.checking.adapt.filling.layouts import SAME, lay_out, shape_target
from backproof.checking.adapt.libraries import Native
from backproof.checking.adapt.words.signatures import Parameter
from backproof.checking.candidate import Case, Convention

__all__ = ["Call", "Laying", "dtype_of", "fitted"]

#: A role, several that are handed over as a tuple, or none: a value.
_Roles: TypeAlias = str | tuple[str, ...] | None


class Call:
    """A filled call, ready to be made: which value goes to which argument.

    Arguments are given by position as far as they are filled without a gap, by name after that;
    ``positional`` closes the gaps with defaults, for what takes no names (``Function.apply``).
    """

    def __init__(self, found: Sequence[Parameter], filled: Filled, *, positional: bool = False) -> None:
        self.by_position: list[tuple[_Roles, Any]] = []
        self.by_name: list[tuple[str, _Roles, Any]] = []
        found = [parameter for parameter in found if not parameter.variadic]
        known = {parameter.name: parameter for parameter in found}
        found += [Parameter(name) for name in filled if name not in known]  # what ``*inputs`` takes
        last = max((i for i, p in enumerate(found) if p.name in filled or p.handed), default=-1)
        gap = False
        for parameter in found[: last + 1]:
            entry = filled.get(parameter.name)
            if entry is None and positional:
                entry = {"value": parameter.default}
            if entry is None or parameter.keyword:
                gap = True
            if entry is None:
                continue
            role, value = (entry, None) if isinstance(entry, str) else _held(entry)
            if gap:
                self.by_name.append((parameter.name, role, value))
            else:
                self.by_position.append((role, value))

    @property
    def roles(self) -> list[str]:
        """The roles that are handed over."""
        given = [role for role, _ in self.by_position] + [role for _, role, _ in self.by_name]
        return [role for roles in given if roles for role in ((roles,) if isinstance(roles, str) else roles)]

    def arguments(self, values: Mapping[str, Native]) -> tuple[list[Native], dict[str, Native]]:
        """Give the positional and the named arguments."""
        args = [plain(value) if role is None else _given(role, values) for role, value in self.by_position]
        named = {
            name: plain(value) if role is None else _given(role, values)
            for name, role, value in self.by_name
            if not isinstance(role, str) or role in values
        }
        return args, named


def _held(entry: Mapping[str, Any]) -> tuple[_Roles, Any]:
    """Read an entry that is no role: several roles together, or a value."""
    if "random" in entry:
        return None, np.random.default_rng(0)
    return (tuple(entry["roles"]), None) if "roles" in entry else (None, entry["value"])


def _given(role: str | tuple[str, ...], values: Mapping[str, Native]) -> Native:
    return values.get(role) if isinstance(role, str) else tuple(values.get(one) for one in role)


def plain(value: object) -> object:
    """Give a value as Python code would write it: what JSON made a list was a tuple.

    A dictionary is a new one each time: code writes into its settings.
    """
    if isinstance(value, Mapping):
        return {key: plain(held) for key, held in value.items()}
    return tuple(value) if isinstance(value, list) else value


def dtype_of(case: Case) -> np.dtype[Any] | None:
    """Give the precision of a case; ``None`` where it holds no real numbers."""
    return next((array.dtype for array in case.inputs.values() if array.dtype.kind == "f"), None)


class Laying:
    """How the arrays of a case are laid out for a candidate, by its convention."""

    def __init__(self, convention: Convention) -> None:
        places: Mapping[str, Any] = convention.get("parameters", {})
        self.layouts: dict[str, str] = {role: place["layout"] for role, place in places.items()}
        self.layouts |= convention.get("layouts", {})
        self.cut: Mapping[str, Any] = convention.get("cut", {})
        self.form: str | None = convention.get("target")
        self.output: str = self.layouts.get("output", SAME)

    def arrays(self, case: Case) -> dict[str, NDArray[Any]]:
        """Give the arrays of a case in the candidate's layout."""
        found = dict(case.inputs)
        for role, shape in self.cut.items():
            if role in found:
                found[role] = found[role][tuple(slice(size) for size in shape)]
        if self.form is not None and "target" in found:
            found["target"] = shape_target(found["target"], found["input"], self.form)
        for role, layout in self.layouts.items():
            if layout != SAME and role in found:
                found[role] = lay_out(found[role], layout)
        return found


def fitted(grad_output: NDArray[Any], output: NDArray[Any] | None) -> NDArray[Any] | None:
    """Give the upstream gradient the output's shape; ``None`` where it is not for such an output."""
    if output is None or grad_output.shape == output.shape:
        return grad_output
    return grad_output.reshape(output.shape) if grad_output.size == output.size else None
