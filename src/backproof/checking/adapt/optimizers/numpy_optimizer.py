"""Optimizers on NumPy arrays: over objects with data and grad, layers, lists, dictionaries, single arrays."""

from __future__ import annotations

import contextlib
import dis
import types
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from backproof.checking.adapt.execution import Obstacle, Origin, attempt
from backproof.checking.adapt.filling.arguments import Filled, written
from backproof.checking.adapt.libraries import jax_precision, of_jax, quiet
from backproof.checking.adapt.optimizers.courses import Run
from backproof.checking.adapt.optimizers.hyperparameters import fill_optimizer, own_settings, role_means
from backproof.checking.adapt.optimizers.numpy_stores import GRADIENTS, HOLDERS, Store, store_for
from backproof.checking.adapt.optimizers.steps import WHOLE, fill_step
from backproof.checking.adapt.optimizers.torch_optimizer import OptimizerAdapter
from backproof.checking.adapt.words.names import normalise, word_set
from backproof.checking.adapt.words.signatures import code_of, libraries_used, namespace
from backproof.checking.candidate import Convention, Course, Signature, Trajectory

__all__ = ["SINGULAR", "NumPyOptimizer"]

#: Names of a single array, or of its gradient.
SINGULAR = word_set(
    "w param theta x dw grad gradient g weight parameter dparam dtheta dx var grad_wrt_w gw b db"
)
_FORMS = ("list", "dict", "network", "single", "layer dicts", "layer tuples")
#: As in the courses of the judge, so that nothing that an optimizer keeps is of another shape there.
_SHAPES = ((3, 5), (3, 5), (7,))


class NumPyOptimizer(OptimizerAdapter):
    """A class with ``step`` or ``update``.

    Its convention says what stands for the parameters (``objects`` with ``data`` and ``grad``, ``layers``,
    or arrays in one of the forms of `numpy_stores`) and which roles its step takes; ``jax``, that its arrays
    are JAX's. Whether a parameter may have no gradient (``gradient_none``) is asked of objects only: there it
    is usual if ``zero_grad`` leaves none. Arrays are left out, where they never have a gradient.
    """

    def _conventions(self, signature: Signature) -> list[dict[str, Any]]:
        held = any(
            role_means(p.name, role) for p in self.constructor for role in ("params", "model", "layers")
        )
        step = fill_step(self.step, ("grads",) if held else ("params", "grads"))
        holds = not ({"params"} | WHOLE) & set(step.values())
        construct = fill_optimizer(self.constructor, signature.options, holds_parameters=holds)
        roles = {role for role in construct.values() if isinstance(role, str)}
        if holds and not roles & {"params", "model", "layers"}:
            raise Obstacle(
                f"neither its constructor, {written(self.constructor)}, nor its {self.step.name}, "
                f"{written(self.step.parameters)}, takes the parameters"
            )
        noted = {"defaults": own_settings(self.constructor, signature.options), "gradient_none": False}
        common = {"construct": construct, "step": step, **noted}
        ways = [{**common, "parameters": form} for form in self._forms(step, roles)]
        if _in_jax([self.step.function, *self.functions]):
            ways = [{**way, "jax": True} for way in ways] + ways
        ways += [{**way, "gradient_none": True} for way in ways if self._clears_to_none(way, signature)]
        ranked = sorted(ways, key=lambda way: self._score(way, signature))
        with_none = [way for way in ranked if way["gradient_none"]]
        return with_none or ranked

    def _forms(self, step: Filled, roles: set[str]) -> list[str]:
        taken = set(step.values())
        if taken & {"layer", "layers"} or "layers" in roles:
            return ["layers"]
        if taken & {"pairs", "pairs reversed"}:
            return ["list"]
        if "key" in taken:
            return ["single"]
        if "model" in taken:
            return ["layers", "objects"]
        if not {"grads"} & (taken | roles):
            return ["objects", "layers"]
        code = code_of(self.step.function)
        used = {normalise(name) for name in code.co_names} if code is not None else set()
        held = bool(used & HOLDERS) and bool(used & GRADIENTS)
        several = code is not None and any(i.opname == "FOR_ITER" for i in dis.get_instructions(code))
        plural = all(name.endswith("s") for name, role in step.items() if role in ("params", "grads"))
        alone = "params" in taken and not (several and plural)
        forms = [form for form in _FORMS if form != "single" or alone]
        singular = all(
            normalise(name) in SINGULAR for name, role in step.items() if role in ("params", "grads")
        )
        if singular and "single" in forms:
            forms = ["single", *(form for form in _FORMS if form != "single")]
        return ["objects", *forms] if held else forms

    def _clears_to_none(self, way: Convention, signature: Signature) -> bool:
        """Say whether its ``zero_grad`` leaves objects without a gradient: then there may be none."""
        if way["parameters"] != "objects":
            return False
        run = self._new_run(_trial(signature), way)
        run.trajectory()
        return bool(run.cleared) and run.leaves_none()

    def _score(self, way: Convention, signature: Signature) -> int:
        """Run two steps: 0 if they change every parameter, 1 if not every, 2 if they raise."""
        course = _trial(signature)
        found = self.train(course, way)
        if found.raised is not None:
            return 2
        last = found.parameters[-1]
        return int(any(np.array_equal(a, b) for a, b in zip(course.parameters, last, strict=True)))

    def train(self, course: Course, convention: Convention) -> Trajectory:
        """Run the optimizer over a course, always on a new instance.

        Single arrays have one optimizer each: such a class keeps the state of one parameter.
        """
        with quiet():
            if convention["parameters"] != "single":
                return self._new_run(course, convention).trajectory()
            alone = [_only(course, index) for index in range(len(course.parameters))]
            return _together([self._new_run(one, convention).trajectory() for one in alone])

    def _new_run(self, course: Course, convention: Convention) -> _NumPyRun:
        in_jax, with_none = convention.get("jax", False), convention["gradient_none"]
        with jax_precision(wide=True) if in_jax else contextlib.nullcontext():
            native = of_jax if in_jax else None
            store = store_for(convention["parameters"], course, with_none=with_none, native=native)
        run = _NumPyRun(
            self.make,
            convention["construct"],
            self.step.name,
            self.origin,
            course,
            store,
            convention["step"],
        )
        run.in_jax = in_jax
        return run


def _in_jax(functions: Sequence[object]) -> bool:
    """Say whether functions may be for JAX's arrays: they name JAX, or no library and stand beside JAX."""
    used = libraries_used(functions, ("numpy", "torch", "jax"))
    beside = (value for function in functions for value in namespace(function).values())
    modules = {one.__name__ for one in beside if isinstance(one, types.ModuleType)}
    return "jax" in used or (not used and "jax" in modules)


def _trial(signature: Signature) -> Course:
    rng = np.random.default_rng(0)
    parameters = tuple(rng.uniform(0.2, 0.8, shape) for shape in _SHAPES)
    gradients = tuple(tuple(rng.uniform(0.2, 0.8, p.shape) for p in parameters) for _ in range(2))
    hyper = {name: value for name, value in signature.options.items() if name != "lr"}
    return Course(parameters, gradients, (0.1, 0.1), hyper)


def _only(course: Course, index: int) -> Course:
    gradients = tuple((at_step[index],) for at_step in course.gradients)
    return replace(course, parameters=(course.parameters[index],), gradients=gradients)


def _together(runs: Sequence[Trajectory]) -> Trajectory:
    """Put the runs of single parameters together, up to the step at which the first one raised."""
    steps = min(len(run.parameters) for run in runs)
    first = runs[0]
    return Trajectory(
        parameters=tuple(tuple(run.parameters[step][0] for run in runs) for step in range(steps)),
        taken=first.taken,
        own=first.own,
        rate_followed=all(run.rate_followed for run in runs),
        cleared=first.cleared,
        rebound=tuple(index for index, run in enumerate(runs) if run.rebound),
        raised=next((run.raised for run in runs if run.raised), None),
    )


class _NumPyRun(Run):
    in_jax = False

    def __init__(
        self,
        make: Callable[..., object],
        filled: Filled,
        step: str,
        origin: Origin,
        course: Course,
        store: Store,
        filled_step: Filled,
    ) -> None:
        super().__init__(make, filled, step, origin, course)
        self.store, self.filled_step = store, filled_step

    def trajectory(self) -> Trajectory:
        with jax_precision(wide=True) if self.in_jax else contextlib.nullcontext():
            return super().trajectory()

    def roles(self) -> Mapping[str, Any]:
        return self.store.roles()

    def give_gradients(self, gradients: Sequence[NDArray[Any] | None]) -> None:
        self.store.give(gradients)

    def step(self, count: int) -> None:
        if not self.store.used:
            return
        roles = {**self.store.roles(), "lr": self.values["lr"], "count": count, "closure": None, "key": "p0"}
        each = (
            [{"layer": layer} for layer in roles["layers"]] if "layer" in self.filled_step.values() else [{}]
        )
        function = getattr(self.optimizer, self.step_name)
        returned = None
        for one in each:
            arguments = [{**roles, **one}[role] for role in self.filled_step.values()]
            returned = attempt(self.origin, "step", function, *arguments)
        if "params" in self.filled_step.values():
            self.store.follow(returned)

    def now(self) -> tuple[NDArray[Any], ...]:
        return self.store.copies()

    def all_cleared(self) -> bool | None:
        return self.store.cleared()

    def leaves_none(self) -> bool:
        """Say whether parameters now have no gradient, rather than one of zeros."""
        return self.store.leaves_none()

    def originals(self) -> Sequence[object]:
        return self.store.originals()
