"""A forward and a backward written by hand: run them, and read the gradients."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from backproof.checking.adapt.components.halves import Lift
from backproof.checking.adapt.components.returned import Reader, Wanted, clear_gradients
from backproof.checking.adapt.execution import Failure, Origin, attempt
from backproof.checking.adapt.filling.calls import Call, Laying, dtype_of, fitted
from backproof.checking.adapt.filling.layouts import ROW, SAME, lay_out, straighten
from backproof.checking.adapt.filling.slots import set_parameters, value_at
from backproof.checking.adapt.following.slips import slips
from backproof.checking.adapt.libraries import Library, Native, first_array, library, seed, take, unchanged
from backproof.checking.adapt.words.names import is_output
from backproof.checking.adapt.words.signatures import namespace
from backproof.checking.candidate import Answer, Case, Convention, Raised

__all__ = ["ByHand", "Hands"]

#: The forward and the backward to call, and the instance they belong to.
Hands = tuple[Callable[..., Any], Callable[..., Any], object]


class ByHand:
    """Runs a forward and a backward by one convention.

    Keys of the convention that it understands, beside those of `Laying`: ``library`` (and
    ``backward_library`` where the backward is written in the other one), ``parameters``,
    ``derivative`` (the backward gives f′(x), to be multiplied by the upstream gradient), ``upstream:
    false`` (a loss's backward takes none and gives the gradient for 1), ``rate`` (the backward
    updates the parameters itself, with a learning rate of 1) and ``left`` (the forward leaves its
    output on the object, as the backward leaves its gradients), ``carried`` (under which attribute arrays
    carry their gradients with them), ``which`` (the output of several that is
    judged, 0 the first), ``seed`` (``None``: none is set) and ``seed_back``, which is set before the
    backward.
    """

    def __init__(
        self,
        convention: Convention,
        forward: Call,
        backward: Call,
        origin: Origin,
        source: str = "backward",
    ) -> None:
        self.forward, self.backward, self.origin = forward, backward, origin
        #: Whose the gradients are: a backward that somebody has written, or autograd's.
        self.source = source
        self.library: Library = library(convention["library"])
        self.other: Library = library(convention.get("backward_library", convention["library"]))
        self.laying = Laying(convention)
        self.places: Mapping[str, Any] = convention.get("parameters", {})
        self.derivative = bool(convention.get("derivative"))
        self.upstream = bool(convention.get("upstream", True))
        self.lift = Lift()
        self.rate = bool(convention.get("rate"))
        self.left = bool(convention.get("left"))
        self.carried: str | None = convention.get("carried")
        self.which: int = convention.get("which", 0)
        self.number: int | None = convention.get("seed", 0)
        self.number_back: int | None = convention.get("seed_back")
        # What gives a loss with the gradients of its parameters owes none of its data.
        self.reader = Reader(self._wanted(convention), self.other, owed=not convention.get("fused"))

    def _wanted(self, convention: Convention) -> list[Wanted]:
        names = {role: name for name, role in convention["call"].items() if isinstance(role, str)}
        together = [e["roles"] for e in convention["call"].values() if isinstance(e, dict) and "roles" in e]
        names |= {role: role for roles in together for role in roles}
        # The input's comes first, a target's after those of all that is compared with it.
        order = sorted(names, key=lambda role: {"input": 0, "target": 2}.get(role, 1))
        wanted = [Wanted(role, names[role]) for role in order]
        for role, place in self.places.items():
            texts = [step for step in place["path"] if isinstance(step, str)]
            strict = bool(place.get("strict"))
            wanted.append(Wanted(role, texts[-1], tuple(place["path"]), strict))
        return wanted

    def seed(self, instance: object, function: object) -> None:
        """Let every generator that the forward may draw from begin anew."""
        if self.number is not None:
            seed(self.number, (instance, namespace(function)))

    def choose(self, returned: Any) -> Any:
        """Give the output that is judged, of what the forward returned."""
        return returned[self.which] if self.which else first_array(returned)

    def run(self, case: Case, hands: Hands, between: Callable[[], object] | None = None) -> Answer:
        """Run the forward, then ``between``, then the backward if the case has an upstream gradient."""
        if self.library.name != "torch":
            return self._once(case, hands, between)
        return self.lift.run(hands[0], dtype_of(case), lambda: self._once(case, hands, between))

    def _once(self, case: Case, hands: Hands, between: Callable[[], object] | None) -> Answer:
        if case.direction is not None:
            return slips(self, self.forward, case, hands[0], hands[2])
        run = _Run(self, case, hands)
        try:
            run.call_forward()
            if between is not None:
                between()
            if case.grad_output is not None:
                run.call_backward(case.grad_output)
        except Failure as failure:
            return run.answer(failure)
        return run.answer()


class _Run:
    """One case on its way through a candidate."""

    def __init__(self, plan: ByHand, case: Case, hands: Hands) -> None:
        self.plan = plan
        self.forward, self.backward, self.instance = hands
        self.dtype = dtype_of(case)
        self.originals = plan.laying.arrays(case)
        self.values: dict[str, Native] = {
            role: plan.library.give(array)
            for role, array in self.originals.items()
            if role not in plan.places
        }
        self.output: NDArray[Any] | None = None
        self.gradients: dict[str, dict[str, NDArray[Any] | None]] = {}
        self.loose: list[str] = []

    def answer(self, failure: Failure | None = None) -> Answer:
        return Answer(
            output=self.output,
            gradients=self.gradients,
            mutated=self._mutated(),
            loose=tuple(self.loose),
            raised=failure.raised if failure else None,
        )

    def call_forward(self) -> None:
        plan = self.plan
        args, named = plan.forward.arguments(self.values)
        if plan.places:
            set_parameters(
                self.instance,
                plan.places,
                self.originals,
                plan.library,
                lambda: attempt(plan.origin, "forward", self.forward, *args, **named),
            )
        plan.seed(self.instance, self.forward)
        before = dict(getattr(self.instance, "__dict__", {})) if plan.left else {}
        returned = attempt(plan.origin, "forward", self.forward, *args, **named)
        if returned is None and plan.left:
            returned = self._left_output(before)
        native = plan.choose(returned)
        self.values["cache"] = self._cache(returned, args)
        self.values["output"] = native
        self._further(returned)
        self.laid_output = take(native, self.dtype)
        if self.laid_output is not None:
            self.output = straighten(self.laid_output, plan.laying.output)

    def _further(self, returned: object) -> None:
        """Note that nothing comes back for the outputs beside the one that is judged: a gradient of 0."""
        for index, part in enumerate(returned if isinstance(returned, tuple) else ()):
            if self.plan.library.is_array(part) and self.plan.library.is_floating(part):
                self.values[_upstream_of(index)] = part * 0

    def _left_output(self, before: Mapping[str, object]) -> object:
        """Give the output that a forward left on the object (``self.output = …``) and did not return."""
        attributes: Mapping[str, object] = getattr(self.instance, "__dict__", {})
        given = list(self.values.values())
        for name, value in attributes.items():
            new = value is not before.get(name) and not any(value is other for other in given)
            if new and is_output(name):
                return value
        return None

    def _saved_output(self, attributes: Mapping[str, object]) -> object:
        """Give what a loss has saved of its prediction under the name of an output: of the same shape.

        Raises
        ------
        Failure
            If there is no such thing.
        """
        shape = self.originals["input"].shape
        for name, value in attributes.items():
            given = any(value is other for other in self.values.values())
            array = take(value) if is_output(name) and not given else None
            if array is not None and array.shape == shape and array.dtype.kind == "f":
                return self.plan.other.give(array)
        raise Failure(Raised("AttributeError", "the forward has saved no output", "backward"))

    def _cache(self, returned: object, args: list[Native]) -> object:
        """Give what the forward kept for the backward: the rest of its tuple, else its arguments."""
        if isinstance(returned, tuple) and len(returned) > 1:
            if isinstance(returned[-1], tuple | dict) and not self.plan.library.is_array(returned[-1]):
                return returned[-1]
            return returned[1] if len(returned) == 2 else returned[1:]  # (output, cache)
        return args[0] if len(args) == 1 else tuple(args)

    def call_backward(self, grad_output: NDArray[Any]) -> None:
        plan = self.plan
        upstream = fitted(lay_out(grad_output, plan.laying.output), self.laid_output)
        if upstream is None:
            return
        self.originals["grad_output"] = upstream
        self.values[_upstream_of(plan.which)] = plan.other.give(upstream)
        if plan.other is not plan.library:
            self._cross()
        before = dict(getattr(self.instance, "__dict__", {}))
        clear_gradients(plan.reader.wanted, self.instance, plan.other)
        if "saved" in plan.backward.roles:
            self.values["saved"] = self._saved_output(before)
        args, named = plan.backward.arguments(self.values)
        if plan.carried:
            setattr(self.values["output"], plan.carried, self.values[_upstream_of(plan.which)])
        if plan.number_back is not None:
            seed(plan.number_back, (self.instance, namespace(self.backward)))
        returned = attempt(plan.origin, plan.source, self.backward, *args, **named)
        # An index has no gradient: what has its shape is meant for something else.
        shapes = {role: array.shape for role, array in self.originals.items() if array.dtype.kind == "f"}
        found = plan.reader.read(returned, shapes, self.instance, before, self.values.values())
        if plan.carried:
            carried = {
                role: getattr(self.values[role], plan.carried, None) for role in found if role in self.values
            }
            found |= {role: value for role, value in carried.items() if value is not None}
        gradients = {
            role: self._gradient(value, role, upstream)
            for role, value in found.items()
            if self.originals[role].dtype.kind == "f"
        }
        if plan.rate:
            self._read_updates(gradients)
        self.gradients[plan.source] = gradients

    def _cross(self) -> None:
        """Hand what the forward gave in one library to a backward written in the other."""
        for role in ("input", "target", "output", "weight", "bias"):
            array = take(self.values.get(role), self.dtype)
            if array is not None:
                self.values[role] = self.plan.other.give(array)

    def _gradient(self, value: object, role: str, upstream: NDArray[Any]) -> NDArray[Any] | None:
        array = take(value, self.dtype)
        if array is None:
            return None
        if self.plan.derivative:
            array = _chained(array, upstream)
        elif not self.plan.upstream:
            array = _scaled(array, upstream)
        layout = self.plan.laying.layouts.get(role, SAME)
        if layout == ROW and array.ndim == 1:
            self.loose.append(role)
        return straighten(array, layout)

    def _read_updates(self, gradients: dict[str, NDArray[Any] | None]) -> None:
        """Read the gradient of a parameter from what a step with a learning rate of 1 did to it."""
        for role, place in self.plan.places.items():
            after = take(value_at(self.instance, tuple(place["path"])))
            if gradients.get(role) is None and after is not None and role in self.originals:
                change = self.originals[role] - after
                gradients[role] = straighten(change, self.plan.laying.layouts.get(role, SAME))

    def _mutated(self) -> tuple[str, ...]:
        plan = self.plan
        changed = []
        for role, array in self.originals.items():
            if role not in plan.places:
                same = unchanged(self.values[role], array)
            else:
                now = value_at(self.instance, tuple(plan.places[role]["path"]))
                same = plan.rate or unchanged(now, array)
            if not same:
                changed.append(role)
        return tuple(changed)


def _upstream_of(index: int) -> str:
    """Name the role of an output's upstream gradient."""
    return f"grad_output_{index}" if index else "grad_output"


def _chained(slope: NDArray[Any], upstream: NDArray[Any]) -> NDArray[Any]:
    """Multiply a derivative by the upstream gradient: element by element, or row by row for a Jacobian."""
    if slope.ndim == upstream.ndim + 1 and slope.shape[:-1] == upstream.shape:
        row: NDArray[Any] = (upstream[..., None, :] @ slope)[..., 0, :]
        return row
    try:
        return np.asarray(upstream * slope)
    except ValueError:  # shapes that do not go together: the derivative's own stays visible
        return slope


def _scaled(gradient: NDArray[Any], upstream: NDArray[Any]) -> NDArray[Any]:
    """Multiply the gradient for an upstream gradient of 1 by the one of the case."""
    extra = gradient.ndim - upstream.ndim
    if upstream.ndim and extra > 0:
        upstream = upstream.reshape(upstream.shape + (1,) * extra)
    try:
        return np.asarray(gradient * upstream)
    except ValueError:
        return gradient
