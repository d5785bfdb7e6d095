"""A forward under PyTorch's autograd: run it, and take the gradients that come out."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from numpy.typing import NDArray

from backproof.checking.adapt.components.halves import Lift
from backproof.checking.adapt.components.outputs import floating, output_of
from backproof.checking.adapt.execution import Failure, Origin, attempt
from backproof.checking.adapt.filling.calls import Call, Laying, dtype_of, fitted
from backproof.checking.adapt.filling.layouts import SAME, lay_out, straighten
from backproof.checking.adapt.filling.slots import set_parameters, value_at
from backproof.checking.adapt.following.slips import slips
from backproof.checking.adapt.libraries import Native, library, seed, take, unchanged
from backproof.checking.adapt.words.signatures import namespace
from backproof.checking.candidate import Answer, Case, Convention

__all__ = ["Autograd"]


#: What PyTorch's engine says of a gradient whose shape is not that of its input.
_REFUSED = "returned an invalid gradient"
#: Modules of PyTorch's own that make Functions.
_MADE_BY_TORCH = ("torch.utils.checkpoint", "torch._functorch")
#: Where those of compiled code are made.
_COMPILED = "torch._functorch._aot_autograd"


class Autograd:
    """Runs a forward by one convention and asks autograd for the gradients.

    ``phase`` says in which part an exception in the backward pass is the user's: ``backward`` for an
    ``autograd.Function``, ``autograd`` for a module. Keys of the convention that it understands, beside those
    of `Laying`: ``parameters``, ``seed``, ``seed_back``, and ``part``, which of several outputs is asked for.
    """

    def __init__(
        self, convention: Convention, call: Call, origin: Origin, *, phase: str = "autograd"
    ) -> None:
        self.call, self.origin, self.phase = call, origin, phase
        self.library = library("torch")
        self.laying = Laying(convention)
        self.places: Mapping[str, Any] = convention.get("parameters", {})
        self.number: int | None = convention.get("seed", 0)
        self.number_back: int | None = convention.get("seed_back")
        self.lift = Lift()
        self.part: int | str = convention.get("part", 0)
        #: Of a loss the gradient of its target is asked for only where somebody has written it.
        self.kind = convention.get("kind")
        given = self.kind == "loss" and (phase != "backward" or self.laying.form is not None)
        self.fixed = frozenset({"target"}) if given else frozenset()

    def choose(self, returned: object) -> Any:
        """Give the output that is judged, of what the forward returned."""
        return output_of(returned, self.part)

    def run(
        self,
        case: Case,
        function: Callable[..., Any],
        instance: object = None,
        between: Callable[[], object] | None = None,
    ) -> Answer:
        """Run the forward, then ``between``, then the backward if the case has an upstream gradient."""
        return self.lift.run(function, dtype_of(case), lambda: self._once(case, function, instance, between))

    def _once(
        self,
        case: Case,
        function: Callable[..., Any],
        instance: object,
        between: Callable[[], object] | None,
    ) -> Answer:
        import torch

        if case.direction is not None:
            return slips(self, self.call, case, function, instance)
        with torch.enable_grad():  # also where the user's code turned gradients off for good
            run = _Run(self, case, instance)
            try:
                run.call_forward(function)
                if between is not None:
                    between()
                if case.grad_output is not None:
                    run.call_backward(case.grad_output, function)
            except Failure as failure:
                if self.kind == "loss" and "target" in run.leaves:  # it may refuse a target with a gradient
                    self.fixed = frozenset({"target"})
                    return self._once(case, function, instance, between)
                return run.answer(failure)
            return run.answer()


class _Run:
    """One case on its way through autograd."""

    def __init__(self, plan: Autograd, case: Case, instance: object) -> None:
        self.plan, self.instance = plan, instance
        self.dtype = dtype_of(case)
        self.originals = plan.laying.arrays(case)
        self.tangents = plan.laying.arrays(Case(dict(case.tangents))) if case.tangents else {}
        self.leaves: dict[str, Native] = {}
        self.values: dict[str, Native] = {}
        for role, array in self.originals.items():
            if role not in plan.places:
                self._give(role, array)
        self.native: Any = None
        self.output: NDArray[Any] | None = None
        self.laid_output: NDArray[Any] | None = None
        self.outputs: tuple[str, ...] = ()
        self.detached = self.reached = False
        self.gradients: dict[str, dict[str, NDArray[Any] | None]] = {}

    def _give(self, role: str, array: NDArray[Any]) -> None:
        tensor = self.plan.library.give(array)
        if array.dtype.kind == "f" and role not in self.plan.fixed:
            self.leaves[role] = tensor.requires_grad_()
            tensor = tensor.clone()  # a change in place would raise on a leaf; on its copy it shows
        self.values[role] = tensor

    def _set_parameters(self, first_call: Callable[[], object]) -> None:
        plan = self.plan
        set_parameters(self.instance, plan.places, self.originals, plan.library, first_call)
        for role, place in plan.places.items():
            parameter = value_at(self.instance, tuple(place["path"]))
            if role in self.originals and getattr(parameter, "requires_grad", False) and parameter.is_leaf:
                self.leaves[role] = parameter

    def call_forward(self, function: Callable[..., Any]) -> None:
        args, named = self.plan.call.arguments(self.values)
        if self.plan.places:
            origin = self.plan.origin
            self._set_parameters(lambda: attempt(origin, "forward", function, *args, **named))
        if self.plan.number is not None:
            seed(self.plan.number, (self.instance, namespace(function)))
        returned = attempt(self.plan.origin, "forward", function, *args, **named)
        self.native = native = self.plan.choose(returned)
        every = floating(returned)
        self.outputs = tuple(every) if native is next(iter(every.values()), None) else ()
        self.laid_output = take(native, self.dtype)
        if self.laid_output is not None:
            self.output = straighten(self.laid_output, self.plan.laying.output)
            self.reached = getattr(native, "requires_grad", False)
            # What a Function gives is cut off only where the Function declares it: mark_non_differentiable.
            self.detached = bool(self.leaves) and not self.reached and self.plan.phase != "backward"

    def call_backward(self, grad_output: NDArray[Any], function: Callable[..., Any]) -> None:
        plan = self.plan
        if self.laid_output is None:
            return
        upstream = fitted(lay_out(grad_output, plan.laying.output), self.laid_output)
        if upstream is None:
            return
        if not self.reached:
            self.gradients["autograd"] = dict.fromkeys(self.leaves, None) if self.detached else {}
            return
        self.originals["grad_output"] = upstream
        self.values["grad_output"] = plan.library.give(upstream)
        if plan.number_back is not None:
            seed(plan.number_back, (self.instance, namespace(function)))
        if self.tangents:
            attempt(plan.origin, plan.phase, self._differentiate_twice)
            return
        try:
            given = attempt(plan.origin, plan.phase, self._differentiate)
            found = dict(zip(self.leaves, given, strict=True))
        except Failure as failure:
            if _REFUSED not in failure.raised.message:
                raise
            found = self._ask_node(function, failure)
        self.gradients["autograd"] = {
            role: None if gradient is None else self._straight(gradient, role)
            for role, gradient in found.items()
        }

    def _differentiate(self) -> tuple[Any, ...]:
        import torch

        leaves = tuple(self.leaves.values())
        if not leaves:
            return ()
        return torch.autograd.grad(self.native, leaves, self.values["grad_output"], allow_unused=True)

    def _differentiate_twice(self) -> None:
        """Differentiate ⟨tangents, gradients⟩ once more, for `Case.tangents`."""
        import torch

        if self._is_marked():
            self.gradients["twice"] = {}
            return
        leaves, upstream = tuple(self.leaves.values()), self.values["grad_output"]
        once: tuple[Any, ...] = torch.autograd.grad(
            self.native, leaves, upstream, create_graph=True, allow_unused=True
        )
        products = [
            (gradient * self.plan.library.give(self.tangents[role])).sum()
            for role, gradient in zip(self.leaves, once, strict=True)
            if role in self.tangents and gradient is not None and gradient.requires_grad
        ]
        if not products:
            self.gradients["twice"] = dict.fromkeys(self.leaves, None)
            return
        twice: tuple[Any, ...] = torch.autograd.grad(sum(products), leaves, allow_unused=True)
        self.gradients["twice"] = {
            role: None if gradient is None else self._straight(gradient, role)
            for role, gradient in zip(self.leaves, twice, strict=True)
        }

    def _is_marked(self) -> bool:
        """Say whether a backward in the graph has no second derivative: it is marked so, or compiled.

        PyTorch itself refuses only where the incoming gradient is in the graph.
        """
        import torch

        mark = torch.autograd.function.once_differentiable(_nothing).__code__
        classes = [node._forward_cls for node in _functions(getattr(self.native, "grad_fn", None))]
        return any(
            str(one.__module__).startswith(_COMPILED) or getattr(one.backward, "__code__", None) is mark
            for one in classes
        )

    def _ask_node(self, function: Callable[..., Any], failure: Failure) -> dict[str, Any]:
        """Ask a Function's own backward, where the engine refuses the shape of what it returns.

        So the shape is seen, and can be named, instead of the engine's exception. The other gradients are
        those that the engine gives without it.
        """
        import torch

        plan = self.plan
        args, named = plan.call.arguments(self.values)
        output = plan.choose(attempt(plan.origin, "forward", function, *args, **named))
        reached: list[tuple[Any, Any]] = []
        for node in _functions(output.grad_fn):
            node.register_prehook(lambda upstream, node=node: reached.append((node, upstream)))

        def engine(leaves: tuple[Any, ...]) -> Any:
            upstream = self.values["grad_output"]
            return torch.autograd.grad(output, leaves, upstream, retain_graph=True, allow_unused=True)

        found: dict[str, Any] = {}
        for role, leaf in self.leaves.items():
            reached.clear()
            try:
                found[role] = engine((leaf,))[0]
                continue
            except RuntimeError:  # the same that was raised for all leaves together
                if not reached:
                    raise failure from None
            node, upstream = reached[-1]
            returned = attempt(plan.origin, plan.phase, node.apply, *upstream)
            gradients = returned if isinstance(returned, tuple) else (returned,)
            for (before, _), gradient in zip(node.next_functions, gradients, strict=False):
                if _leaf_of(before) is leaf:
                    found[role] = gradient
        return found

    def _straight(self, gradient: Native, role: str) -> NDArray[Any] | None:
        array = take(gradient)
        return None if array is None else straighten(array, self.plan.laying.layouts.get(role, SAME))

    def answer(self, failure: Failure | None = None) -> Answer:
        mutated = tuple(
            role
            for role, tensor in self.values.items()
            if not unchanged(tensor, self.originals[role]) and not _is_marked_dirty(tensor)
        )
        return Answer(
            output=self.output,
            gradients=self.gradients,
            outputs=self.outputs if self.outputs[1:] else (),
            mutated=mutated,
            detached=self.detached,
            handmade=bool(self.gradients)
            and any(map(_is_handmade, _functions(getattr(self.native, "grad_fn", None)))),
            raised=failure.raised if failure else None,
        )


def _functions(node: Any) -> list[Any]:
    """Give the nodes of a graph that stand for Functions somebody has written."""
    nodes, known, found = [node], set(), []
    while nodes:
        node = nodes.pop()
        if node is None or node in known:
            continue
        known.add(node)
        if hasattr(node, "_forward_cls"):
            found.append(node)
        nodes += [parent for parent, _ in node.next_functions]
    return found


def _is_marked_dirty(tensor: Any) -> bool:
    """Say whether a Function has declared that it changes a tensor: it is then that Function's output."""
    return hasattr(getattr(tensor, "grad_fn", None), "_forward_cls")


def _is_handmade(node: Any) -> bool:
    """Say whether a Function has been written by somebody: checkpoints and compilers make some, too."""
    return not str(node._forward_cls.__module__).startswith(_MADE_BY_TORCH)


def _leaf_of(node: Any) -> Any:
    """Give the leaf that a node of the graph gives its gradient to, itself or through a copy."""
    while node is not None and not hasattr(node, "variable") and len(node.next_functions) == 1:
        node = node.next_functions[0][0] if "Clone" in node.name() else None
    return getattr(node, "variable", None)


def _nothing(ctx: object) -> None:
    """Stand in for a backward."""
