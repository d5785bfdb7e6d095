"""A forward under PyTorch's autograd: run it, and take the gradients that come out."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from numpy.typing import NDArray

from backproof.checking.adapt.calls import Call, Laying, dtype_of, fitted
from backproof.checking.adapt.execution import Failure, Origin, attempt
from backproof.checking.adapt.layouts import SAME, lay_out, straighten
from backproof.checking.adapt.libraries import Native, first_array, library, seed, take, unchanged
from backproof.checking.adapt.signatures import namespace
from backproof.checking.adapt.slots import set_parameters, value_at
from backproof.checking.candidate import Answer, Case, Convention

__all__ = ["Autograd"]


#: What PyTorch's engine says of a gradient whose shape is not that of its input.
_REFUSED = "returned an invalid gradient"


class Autograd:
    """Runs a forward by one convention and asks autograd for the gradients.

    ``phase`` says in which part an exception in the backward pass is the user's: ``backward`` for an
    ``autograd.Function``, ``autograd`` for a module.
    """

    def __init__(
        self, convention: Convention, call: Call, origin: Origin, *, phase: str = "autograd"
    ) -> None:
        self.call, self.origin, self.phase = call, origin, phase
        self.library = library("torch")
        self.laying = Laying(convention)
        self.places: Mapping[str, Any] = convention.get("parameters", {})
        self.number = int(convention.get("seed", 0))
        #: A loss is asked for the gradient of its prediction alone.
        self.fixed = frozenset({"target"}) if convention.get("kind") == "loss" else frozenset()

    def run(self, case: Case, function: Callable[..., Any], instance: object = None) -> Answer:
        """Run the forward, and the backward if the case has an upstream gradient."""
        import torch

        with torch.enable_grad():  # also where the user's code turned gradients off for good
            run = _Run(self, case, instance)
            try:
                run.call_forward(function)
                if case.grad_output is not None:
                    run.call_backward(case.grad_output, function)
            except Failure as failure:
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
        self.detached = False
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
        seed(self.plan.number, (self.instance, namespace(function)))
        native = first_array(attempt(self.plan.origin, "forward", function, *args, **named))
        self.native = native
        self.laid_output = take(native, self.dtype)
        if self.laid_output is not None:
            self.output = straighten(self.laid_output, self.plan.laying.output)
            self.detached = bool(self.leaves) and not getattr(native, "requires_grad", False)

    def call_backward(self, grad_output: NDArray[Any], function: Callable[..., Any]) -> None:
        plan = self.plan
        if self.laid_output is None:
            return
        upstream = fitted(lay_out(grad_output, plan.laying.output), self.laid_output)
        if upstream is None:
            return
        if self.detached:
            self.gradients["autograd"] = dict.fromkeys(self.leaves, None)
            return
        self.originals["grad_output"] = upstream
        self.values["grad_output"] = plan.library.give(upstream)
        if self.tangents:
            attempt(plan.origin, plan.phase, self._differentiate_twice)
            return
        try:
            found = attempt(plan.origin, plan.phase, self._differentiate)
        except Failure as failure:
            if _REFUSED not in failure.raised.message:
                raise
            found = self._ask_node(function, failure)
        self.gradients["autograd"] = {
            role: None if gradient is None else self._straight(gradient, role)
            for role, gradient in zip(self.leaves, found, strict=True)
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
        """Say whether a backward in the graph is marked to have no second derivative.

        PyTorch itself refuses only where the incoming gradient is in the graph.
        """
        import torch

        mark = torch.autograd.function.once_differentiable(_nothing).__code__
        nodes, known = [getattr(self.native, "grad_fn", None)], set()
        while nodes:
            node = nodes.pop()
            if node is None or node in known:
                continue
            known.add(node)
            backward = getattr(getattr(node, "_forward_cls", None), "backward", None)
            if getattr(backward, "__code__", None) is mark:
                return True
            nodes += [parent for parent, _ in node.next_functions]
        return False

    def _ask_node(self, function: Callable[..., Any], failure: Failure) -> list[Any]:
        """Ask a Function's own backward, where the engine refuses the shape of what it returns.

        So the shape is seen, and can be named, instead of the engine's exception.
        """
        import torch

        plan = self.plan
        args, named = plan.call.arguments(self.values)
        node = first_array(attempt(plan.origin, "forward", function, *args, **named)).grad_fn
        if not isinstance(node, torch.autograd.function.BackwardCFunction):
            raise failure
        returned = attempt(plan.origin, plan.phase, node.apply, self.values["grad_output"])
        gradients = returned if isinstance(returned, tuple) else (returned,)
        by_role = dict(zip([role for role, _ in plan.call.by_position], gradients, strict=False))
        return [by_role.get(role) for role in self.leaves]

    def _straight(self, gradient: Native, role: str) -> NDArray[Any] | None:
        array = take(gradient)
        return None if array is None else straighten(array, self.plan.laying.layouts.get(role, SAME))

    def answer(self, failure: Failure | None = None) -> Answer:
        mutated = tuple(
            role for role, tensor in self.values.items() if not unchanged(tensor, self.originals[role])
        )
        return Answer(
            output=self.output,
            gradients=self.gradients,
            mutated=mutated,
            detached=self.detached,
            raised=failure.raised if failure else None,
        )


def _nothing(ctx: object) -> None:
    """Stand in for a backward."""
