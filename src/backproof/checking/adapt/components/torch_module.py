"""Modules of PyTorch: judged by autograd, and by a ``backward`` of their own where they have one."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from backproof.checking.adapt.components.autograd import Autograd
from backproof.checking.adapt.components.base import ClassAdapter
from backproof.checking.adapt.components.manual import ByHand
from backproof.checking.adapt.components.numpy_class import backward_conventions
from backproof.checking.adapt.execution import Failure
from backproof.checking.adapt.filling.building import class_conventions
from backproof.checking.adapt.filling.calls import Call
from backproof.checking.adapt.filling.instances import Instances
from backproof.checking.adapt.filling.shapes import suggest_shapes
from backproof.checking.adapt.libraries import library
from backproof.checking.candidate import Answer, Case, Convention, Signature

__all__ = ["TorchModule"]


class TorchModule(ClassAdapter):
    """An ``nn.Module`` with a forward; ``backward`` is the hand-written one beside it, if there is one."""

    def _ways(self, signature: Signature) -> list[dict[str, Any]]:
        found = class_conventions(self.blueprint, signature, library("torch"))
        if self.backward is not None:
            backward = self.backward
            found = [w for way in found for w in backward_conventions(way, self.forward, backward, signature)]
        ranked = self._rank(found, signature)
        if self.blueprint.model and signature.reference is None:
            ranked = suggest_shapes(ranked, signature, self._compile, self.blueprint)
        if signature.reference is not None:
            return ranked
        shapes = {role: list(shape) for role, shape in signature.shapes.items()}
        return [self._with_parameters(way, shapes) for way in ranked]

    def _compile(self, convention: Convention) -> _Plan:
        return _Plan(self, convention)


class _Plan:
    def __init__(self, adapter: TorchModule, convention: Convention) -> None:
        origin = adapter.blueprint.origin
        forward = Call(adapter.forward.parameters, convention["call"])
        self.autograd = Autograd(convention, forward, origin)
        self.instances = Instances(adapter.blueprint.make, convention, library("torch"), origin)
        self.backward = adapter.backward
        self.by_hand: ByHand | None = None
        if adapter.backward is not None:
            backward = Call(adapter.backward.parameters, convention["backward"])
            self.by_hand = ByHand(convention, forward, backward, origin)

    def run(self, case: Case, *, fresh: bool) -> Answer:
        try:
            instance: Any = self.instances.get(case, fresh=fresh)
        except Failure as failure:
            return Answer(raised=failure.raised)
        answer = self.autograd.run(case, instance, instance)
        if self.by_hand is None or self.backward is None or case.grad_output is None or self.autograd.part:
            return answer
        hands = (instance, self.backward.of(instance), instance)
        return _both(answer, self.by_hand.run(case, hands))


def _both(automatic: Answer, manual: Answer) -> Answer:
    """Put together what autograd and the hand-written backward gave.

    A source that raised is missing among the gradients. Where autograd's run raised and the other did
    not, it is the phase ``autograd`` that raised.
    """
    raised = automatic.raised or manual.raised
    if automatic.raised is not None and manual.raised is None:
        raised = replace(automatic.raised, phase="autograd")
    return Answer(
        output=manual.output if automatic.output is None else automatic.output,
        gradients={**automatic.gradients, **manual.gradients},
        outputs=automatic.outputs,
        mutated=tuple(dict.fromkeys((*automatic.mutated, *manual.mutated))),
        detached=automatic.detached,
        handmade=automatic.handmade,
        lifted=automatic.lifted or manual.lifted,
        raised=raised,
    )
