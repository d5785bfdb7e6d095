"""Suggesting the shape of a model's input, which no reference tells."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from backproof.checking.adapt.execution import Failure, Obstacle
from backproof.checking.adapt.filling.instances import Instances
from backproof.checking.adapt.filling.slots import slots
from backproof.checking.adapt.filling.trials import Plan, trial_case
from backproof.checking.adapt.libraries import library
from backproof.checking.candidate import Case, Convention, Signature

if TYPE_CHECKING:
    from backproof.checking.adapt.filling.building import Blueprint

__all__ = ["suggest_shapes"]

_BATCH, _STEPS = 3, 5
#: Sides of images that models are made for.
_SIDES = (28, 32, 224, 64, 16, 96, 128, 227, 256)
_MOST, _TRIED, _FEATURES = 12, 24, 4
#: The sides of a small image.
_IMAGE = (6, 4)


def suggest_shapes(
    conventions: list[dict[str, Any]],
    signature: Signature,
    compile_: Callable[[Convention], Plan],
    blueprint: Blueprint,
) -> list[dict[str, Any]]:
    """Add to each convention the first input shape with which the model runs, as ``shapes``.

    Those with which none is found keep the signature's shapes.

    Raises
    ------
    Obstacle
        If the model holds an embedding, and runs with none: indices have no gradient.
    """
    if list(signature.shapes) not in (["input"], ["input", "target"]) or () in signature.shapes.values():
        return conventions  # of several inputs none says what the others have to be, nor a lone class
    found = []
    for convention in conventions:
        case = trial_case(signature)
        try:
            instance = Instances(
                blueprint.make, convention, library(convention["library"]), blueprint.origin
            ).get(case)
        except Failure:
            found.append(convention)
            continue
        plan = compile_(convention)
        shape = _first_that_runs(plan, case, _shapes(instance, signature, convention))
        if shape is None and any("Embedding" in type(part).__name__ for part in _modules(instance)):
            raise Obstacle(
                "it holds an embedding, and runs with no numbers: what may be meant, indices, has no gradient"
            )
        found.append({**convention, "shapes": _fitting(signature, shape)} if shape else convention)
    return found


def _fitting(signature: Signature, shape: tuple[int, ...]) -> dict[str, list[int]]:
    """Give the shapes for an input's: a target has as many rows."""
    target = {role: [shape[0], *known[1:]] for role, known in signature.shapes.items() if role != "input"}
    return {"input": list(shape), **target}


def _first_that_runs(plan: Plan, case: Case, shapes: Iterator[tuple[int, ...]]) -> tuple[int, ...] | None:
    """Give the first shape with which forward and backward run, or else the forward alone."""
    running = []
    for shape in dict.fromkeys(shapes):
        runs, whole = _runs(plan, case, shape)
        if whole:
            return shape
        running += [shape] if runs else []
    return running[0] if running else None


def _runs(plan: Plan, case: Case, shape: tuple[int, ...]) -> tuple[bool, bool]:
    """Say whether the forward runs with an input of a shape, and whether the backward does after it."""
    inputs = {**case.inputs, "input": np.random.default_rng(0).uniform(0.2, 0.8, shape)}
    tries = [inputs]
    if "target" in inputs:
        target = inputs["target"][: shape[0]]
        # Any network has two classes.
        rows = [np.arange(shape[0]) % 2] if target.ndim == 1 else []
        tries = [{**inputs, "target": given} for given in (target, *rows)]
    for given in tries:
        output = plan.run(replace(case, inputs=given), fresh=True).output
        if output is not None:
            whole = replace(case, inputs=given, grad_output=np.ones_like(output))
            return True, plan.run(whole, fresh=True).raised is None
    return False, False


def _shapes(instance: object, signature: Signature, convention: Convention) -> Iterator[tuple[int, ...]]:
    """Give shapes to try: from the first part that says what it takes, then the signature's own."""
    held = [slot.value.shape for slot in slots(instance, library(convention["library"]))]
    modules = _modules(instance)
    if modules:
        from_modules = dict.fromkeys(_from_modules(modules))
        yield from itertools.islice(from_modules, _TRIED)
        # A sequence, or an image: what goes through the first part may have more axes than that takes.
        features = [*(int(shape[-1]) for shape in from_modules), *(int(shape[-1]) for shape in held if shape)]
        for size in itertools.islice(dict.fromkeys(features), _FEATURES):
            yield from ((_BATCH, _STEPS, size), (_BATCH, size, *_IMAGE))
    for shape in [shape for shape in held if len(shape) == 2][:_MOST]:
        yield (_BATCH, int(shape[0]))
        yield (_BATCH, int(shape[1]))
    yield from ((_BATCH, int(shape[0])) for shape in held[:_MOST] if len(shape) == 1)
    yield tuple(signature.shapes["input"])
    for shape in [shape for shape in held if len(shape) == 2][:_MOST]:  # one sample, not a batch
        yield from ((int(size),) for size in shape)


def _modules(instance: object) -> list[Any]:
    """Give a torch module and those inside of it; none of anything else."""
    modules = getattr(instance, "modules", None)
    return list(modules()) if callable(modules) and hasattr(instance, "_parameters") else []


def _from_modules(modules: list[Any]) -> Iterator[tuple[int, ...]]:
    from torch import nn

    for module in modules:
        if isinstance(module, nn.Embedding):
            yield from ((_BATCH, module.embedding_dim), (_BATCH, _STEPS, module.embedding_dim))
        if isinstance(module, nn.RNNBase):
            yield (_BATCH, _STEPS, module.input_size)
        channels, features = getattr(module, "in_channels", None), getattr(module, "in_features", None)
        if isinstance(channels, int) and isinstance(getattr(module, "kernel_size", None), tuple):
            axes = len(module.kernel_size)
            yield from ((_BATCH, channels, *(side,) * axes) for side in _SIDES)
        if isinstance(features, int):
            yield (_BATCH, features)
