"""Optimizers on NumPy arrays: over objects with ``data`` and ``grad``, lists, dictionaries, single arrays."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from backproof.checking.adapt.courses import Run
from backproof.checking.adapt.execution import Obstacle, attempt
from backproof.checking.adapt.filling import Filled, written
from backproof.checking.adapt.hyperparameters import entry_for, fill_optimizer, own_settings
from backproof.checking.adapt.libraries import quiet, take
from backproof.checking.adapt.names import means, normalise
from backproof.checking.adapt.signatures import Parameter, code_of
from backproof.checking.adapt.torch_optimizer import OptimizerAdapter
from backproof.checking.candidate import Convention, Course, Signature, Trajectory

__all__ = ["NumPyOptimizer"]

_COUNTS = frozenset({"t", "step", "iteration", "iter", "epoch", "count", "k", "i", "it", "timestep"})
#: Names of a single array, or of its gradient.
_SINGULAR = frozenset(
    {"w", "param", "parameter", "weight", "theta", "x", "dw", "grad", "gradient", "g", "dparam", "dtheta"}
)
_FORMS = ("list", "dict", "single")


class NumPyOptimizer(OptimizerAdapter):
    """A class with ``step`` or ``update``.

    Its convention says what stands for the parameters (``objects`` with ``data`` and ``grad``, or a
    ``list``, ``dict`` or ``single`` array) and which roles its step takes. A parameter that has no
    gradient in the whole course is no notion of these styles (``gradient_none``): arrays are then left
    out, objects have a gradient of zeros.
    """

    def _conventions(self, signature: Signature) -> list[dict[str, Any]]:
        step = self._fill_step(signature)
        holds = "params" not in step.values()
        construct = fill_optimizer(self.constructor, signature.options, holds_parameters=holds)
        roles = {role for role in construct.values() if isinstance(role, str)}
        if holds and not roles & {"params", "model"}:
            raise Obstacle(
                f"neither its constructor, {written(self.constructor)}, nor its {self.step.name}, "
                f"{written(self.step.parameters)}, takes the parameters"
            )
        noted = {"defaults": own_settings(self.constructor, signature.options), "gradient_none": False}
        common = {"construct": construct, "step": step, **noted}
        ways = [{**common, "parameters": form} for form in self._forms(step, roles)]
        return sorted(ways, key=lambda way: self._score(way, signature))

    def _fill_step(self, signature: Signature) -> Filled:
        """Fill the arguments of a step with roles: ``params``, ``grads``, ``lr`` and ``count``."""
        filled: Filled = {}
        unknown = []
        for parameter in self.step.parameters:
            role = _step_role(parameter)
            if role is not None and role not in filled.values():
                filled[parameter.name] = role
            elif parameter.required:
                unknown.append(parameter)
        free = [role for role in ("params", "grads") if role not in filled.values()]
        if len(unknown) == 1 and len(free) == len(("params", "grads")):
            free = ["grads"]
        if len(unknown) > len(free):
            raise Obstacle(
                f"its {self.step.name} takes {written(self.step.parameters)}, and nothing known stands for "
                f"{unknown[-1].name}"
            )
        filled |= {parameter.name: role for parameter, role in zip(unknown, free, strict=False)}
        return {p.name: filled[p.name] for p in self.step.parameters if p.name in filled}

    def _forms(self, step: Filled, roles: set[str]) -> list[str]:
        if "grads" not in step.values() and "grads" not in roles:
            return ["objects"]
        code = code_of(self.step.function)
        held = code is not None and {"data", "grad"} <= set(code.co_names)
        forms = [form for form in _FORMS if form != "single" or "params" in step.values()]
        singular = any(_is_singular(name) for name, role in step.items() if role in ("params", "grads"))
        if singular and "single" in forms:
            forms = ["single", "list", "dict"]
        return ["objects", *forms] if held else forms

    def _score(self, way: Convention, signature: Signature) -> int:
        """Run two steps: 0 if they change every parameter, 1 if not every, 2 if they raise."""
        rng = np.random.default_rng(0)
        parameters = tuple(rng.uniform(0.2, 0.8, shape) for shape in ((3, 2), (5,)))
        gradients = tuple(tuple(rng.uniform(0.2, 0.8, p.shape) for p in parameters) for _ in range(2))
        hyper = {name: value for name, value in signature.options.items() if name != "lr"}
        course = Course(parameters, gradients, (0.1, 0.1), hyper)
        found = self.train(course, way)
        if found.raised is not None:
            return 2
        last = found.parameters[-1]
        return int(any(np.array_equal(a, b) for a, b in zip(parameters, last, strict=True)))

    def train(self, course: Course, convention: Convention) -> Trajectory:
        """Run the optimizer over a course, always on a new instance.

        Single arrays have one optimizer each: such a class keeps the state of one parameter.
        """
        with quiet():
            if convention["parameters"] != "single":
                return self._run(course, convention)
            runs = [self._run(_only(course, index), convention) for index in range(len(course.parameters))]
        return _together(runs)

    def _run(self, course: Course, convention: Convention) -> Trajectory:
        run = _NumPyRun(self.make, convention["construct"], self.step.name, self.origin, course)
        run.form, run.filled_step = convention["parameters"], convention["step"]
        return run.trajectory()


def _step_role(parameter: Parameter) -> str | None:
    if means(parameter.name, "params"):
        return "params"
    if means(parameter.name, "grads"):
        return "grads"
    if entry_for(parameter.name, {"lr": None}) is not None and parameter.required:
        return "lr"
    return "count" if normalise(parameter.name) in _COUNTS and parameter.required else None


def _is_singular(name: str) -> bool:
    return normalise(name) in (
        "w",
        "param",
        "theta",
        "x",
        "dw",
        "grad",
        "gradient",
        "g",
        "weight",
        "parameter",
    )


def _only(course: Course, index: int) -> Course:
    return Course(
        (course.parameters[index],),
        tuple((gradients[index],) for gradients in course.gradients),
        course.rates,
        course.hyperparameters,
        course.name,
    )


def _together(runs: Sequence[Trajectory]) -> Trajectory:
    """Put the runs of single parameters together, up to the step at which the first one raised."""
    steps = min(len(run.parameters) for run in runs)
    first = runs[0]
    return Trajectory(
        parameters=tuple(tuple(run.parameters[step][0] for run in runs) for step in range(steps)),
        taken=first.taken,
        rate_followed=all(run.rate_followed for run in runs),
        cleared=first.cleared,
        rebound=tuple(index for index, run in enumerate(runs) if run.rebound),
        raised=next((run.raised for run in runs if run.raised), None),
    )


class _Parameter:
    """What stands for a parameter: its array, and its gradient."""

    def __init__(self, data: NDArray[Any]) -> None:
        self.data = data
        self.grad: NDArray[Any] | None = np.zeros_like(data)

    @property
    def value(self) -> NDArray[Any]:
        """The array by the other name that is usual."""
        return self.data

    @value.setter
    def value(self, data: NDArray[Any]) -> None:
        self.data = data

    @property
    def shape(self) -> tuple[int, ...]:
        """The array's shape."""
        return self.data.shape

    def zero_grad(self) -> None:
        """Clear the gradient."""
        self.grad = np.zeros_like(self.data)


class _Model:
    """What stands for a model: something that has parameters."""

    def __init__(self, held: list[Any]) -> None:
        self.held = held

    def parameters(self) -> list[Any]:
        """Give the parameters."""
        return self.held


class _NumPyRun(Run):
    form: str
    filled_step: Filled

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        course = self.course
        self.arrays = [p.copy() for p in course.parameters]
        #: Parameters that have a gradient at some step.
        self.used = sorted(self._with_gradients())
        self.objects = [_Parameter(array) for array in self.arrays]
        self.container: Any = None
        self.gradients: Any = None

    def _pack(self, items: Mapping[int, Any]) -> Any:
        """Give arrays the form the optimizer takes."""
        if self.form == "dict":
            return {f"p{index}": item for index, item in items.items()}
        return next(iter(items.values())) if self.form == "single" and items else list(items.values())

    def _unpack(self, packed: Any) -> dict[int, Any]:
        if isinstance(packed, Mapping):
            return {index: packed.get(f"p{index}") for index in self.used}
        if self.form == "single":
            return dict(zip(self.used, [packed], strict=False))
        return dict(zip(self.used, packed, strict=False))

    def roles(self) -> Mapping[str, Any]:
        if self.form == "objects":
            return {"params": list(self.objects), "model": _Model(list(self.objects)), "grads": None}
        self.container = self._pack({i: self.arrays[i] for i in self.used})
        held = {i: np.zeros_like(self.arrays[i]) for i in self.used}
        if "grads" in self.filled.values():
            self.gradients = self._pack(held)
        return {"params": self.container, "model": _Model(self.container), "grads": self.gradients}

    def give_gradients(self, gradients: Sequence[NDArray[Any] | None]) -> None:
        if self.form == "objects":
            for index, (one, gradient) in enumerate(zip(self.objects, gradients, strict=True)):
                none = None if index in self.used else np.zeros_like(one.data)
                one.grad = none if gradient is None else gradient.copy()
        elif "grads" in self.filled.values():
            for index, held in self._unpack(self.gradients).items():
                gradient = gradients[index]
                held[...] = 0 if gradient is None else gradient
        else:
            copies = {i: None if (g := gradients[i]) is None else g.copy() for i in self.used}
            self.gradients = self._pack(copies)

    def step(self, count: int) -> None:
        roles = {
            "params": self.container,
            "grads": self.gradients,
            "lr": self.values["lr"],
            "count": count,
        }
        arguments = [roles[role] for role in self.filled_step.values()]
        function = getattr(self.optimizer, self.step_name)
        if self.form == "single" and not self.used:
            return
        returned = attempt(self.origin, "step", function, *arguments)
        if "params" in self.filled_step.values():
            self._follow(returned)

    def _follow(self, returned: Any) -> None:
        """Go on with the parameters that a step returned, if that is what it returned."""
        if isinstance(returned, tuple) and self.form == "list":
            returned = list(returned)
        if self.form == "single" and isinstance(returned, tuple) and returned:
            returned = returned[0]
        if type(returned) is not type(self.container) or returned is self.container:
            return
        after, shapes = self._unpack(returned), {i: self.arrays[i].shape for i in self.used}
        if all(getattr(value, "shape", None) == shapes[index] for index, value in after.items()):
            self.container = returned

    def now(self) -> tuple[NDArray[Any], ...]:
        if self.form == "objects":
            current: dict[int, Any] = dict(enumerate(one.data for one in self.objects))
        else:
            current = {**dict(enumerate(self.arrays)), **self._unpack(self.container)}
        arrays = (take(current[index]) for index in range(len(self.arrays)))
        return tuple(
            np.full_like(p, np.nan) if a is None else a for a, p in zip(arrays, self.arrays, strict=True)
        )

    def all_cleared(self) -> bool | None:
        if self.form != "objects":
            return None
        return all(one.grad is None or not np.any(one.grad) for one in self.objects)

    def originals(self) -> Sequence[object]:
        return self.objects if self.form == "objects" else self.arrays

    def steps_with_rate(self) -> bool:
        return "lr" in self.filled_step.values()
