"""Candidates made of ops and update rules, right or with a mistake planted, for tests of the judge."""

from __future__ import annotations

import operator
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

import numpy as np

from backproof.checking.candidate import Answer, Case, Course, Description, Raised, Signature, Trajectory
from backproof.checking.cases import ordinary_cases
from backproof.checking.mistakes.mistake import Planted, exchange_results
from backproof.checking.mistakes.search import gradient_of, output_of
from backproof.checking.mistakes.updates import simulate
from backproof.ops import Op
from backproof.updates import UpdateRule


@dataclass
class OpCandidate:
    """An op behind the narrow call, as if somebody had written it."""

    op: Op
    options: dict[str, Any] = field(default_factory=dict)
    name: str = ""
    style: str = "numpy-class"
    sources: tuple[str, ...] = ("backward",)
    #: Whether it was written for float32 alone.
    single: bool = False
    #: An argument that gets no gradient.
    without: str = ""
    calls: int = 0

    def __post_init__(self) -> None:
        self.op = self.op.main

    @property
    def description(self) -> Description:
        lines = {"definition": 1, "forward": 2, "backward": 5}
        arguments = tuple(self.op.arguments)
        name = self.name or self.op.name
        kind = "function" if self.op.kind == "elementary" else self.op.kind
        return Description(name, kind, self.style, "planted.py", None, lines, arguments, (), self.sources)

    obstacle = ""

    def conventions(self, signature: Signature) -> list[dict[str, Any]]:
        return [{"options": dict(self.options)}]

    def call(self, case: Case, convention: Any, *, fresh: bool = False) -> Answer:
        self.calls += 1
        case = case.astype(np.float32) if self.single else case
        inputs = self.op.roles(case.inputs)
        dtype = next(value.dtype for value in case.inputs.values() if value.dtype.kind == "f")
        with np.errstate(all="ignore"):
            try:
                output, values = self.op.evaluate(np, inputs, **self.options)
            except (AttributeError, TypeError, ValueError, IndexError) as error:
                return Answer(raised=Raised(type(error).__name__, str(error), "forward"))
            output = np.asarray(output, dtype=dtype)
            if case.grad_output is None:
                return Answer(output)
            found = self.op.gradients(np, case.grad_output, inputs, values, **self.options)
        gradients = {
            name: None if name == self.without else np.asarray(g, dtype=dtype) for name, g in found.items()
        }
        return Answer(output, dict.fromkeys(self.sources, gradients))

    def train(self, course: Course, convention: Any) -> Trajectory:
        raise NotImplementedError


@dataclass
class RuleCandidate:
    """An update rule behind the narrow call."""

    rule: type[UpdateRule]
    name: str = ""
    taken: tuple[str, ...] = ("lr", "momentum", "nesterov", "betas", "eps", "weight_decay")
    fixed: dict[str, Any] = field(default_factory=dict)
    #: Whether it keeps parameters and states in float32.
    single: bool = False

    @property
    def description(self) -> Description:
        lines = {"definition": 1, "step": 4, "zero_grad": 9}
        return Description(
            self.name or self.rule.__name__, "optimizer", "numpy-optimizer", "planted.py", None, lines
        )

    obstacle = ""

    def conventions(self, signature: Signature) -> list[dict[str, Any]]:
        return [{}]

    def call(self, case: Case, convention: Any, *, fresh: bool = False) -> Answer:
        raise NotImplementedError

    def train(self, course: Course, convention: Any) -> Trajectory:
        known = self.rule.hyperparameters()
        options = {k: v for k, v in course.hyperparameters.items() if k in self.taken and k in known}
        course = course.astype(np.float32) if self.single else replace(course)
        path = simulate(self.rule, {**options, **self.fixed}, course)
        if self.single:
            path = [tuple(p.astype(np.float32) for p in parameters) for parameters in path]
        return Trajectory(tuple(path), tuple(k for k in self.taken if k in known), True, True, ())


def scaled(op: Op) -> Iterator[Planted]:
    """Plant a wrong factor in every gradient of an op."""
    for factor, name in ((-1.0, "gradient-sign"), (2.0, "gradient-scale"), (0.5, "gradient-scale")):
        wrong = exchange_results(op, partial(operator.mul, factor))
        yield Planted(name, wrong, f"times {factor}")


def changes_gradient(op: Op, wrong: Op, case: Case) -> bool:
    """Whether what was planted in an op makes any difference to a gradient that is judged."""
    for argument in op.rules:
        if argument not in case.inputs or (op.kind == "loss" and argument in ("target", "var")):
            continue
        try:
            mine, right = gradient_of(wrong, case, argument, {}), gradient_of(op, case, argument, {})
        except (ValueError, IndexError, TypeError):
            return False  # the mistake has no meaning for these shapes
        if mine.shape != right.shape:
            return True
        if np.all(np.isfinite(mine)) and not np.allclose(mine, right, rtol=1e-9, atol=1e-12):
            return True
    return False


def changes_output(op: Op, wrong: Op) -> bool:
    """Whether what was planted in an op makes any difference to its output that can be judged."""
    changed = False
    for case in ordinary_cases(op, 0, {}):
        right = output_of(op, case, {})
        try:
            got = output_of(wrong, case, {})
        except (ValueError, IndexError, TypeError):
            return False  # the mistake has no meaning for these shapes
        if not np.all(np.isfinite(got)):
            return False
        changed = changed or got.shape != right.shape or not np.allclose(got, right, rtol=1e-6, atol=1e-9)
    return changed


def some(rows: Sequence[Planted], at_most: int = 10) -> Sequence[Planted]:
    """Every so manyth of the rows: of an op with a hundred operations not each is planted."""
    return rows[:: max(1, -(-len(rows) // at_most))]
