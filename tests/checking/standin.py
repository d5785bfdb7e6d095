"""A tiny discovery for the tests of the processes: every class with a ``forward`` is a candidate.

It stands in for `backproof.checking.discover`, so that these tests are about processes alone. The
worker imports it by its name.
"""

from __future__ import annotations

import ast
from collections.abc import Sequence
from dataclasses import dataclass
from types import ModuleType
from typing import Any

from numpy import asarray

from backproof.checking.candidate import (
    Answer,
    Case,
    Convention,
    Course,
    Description,
    Signature,
    Trajectory,
)
from backproof.checking.reading.source import Unit

DISCOVER = f"{__name__}:discover"


@dataclass
class Direct:
    """Calls a class's ``forward`` with the inputs, and lets everything that it raises through."""

    description: Description
    cls: Any

    def conventions(self, signature: Signature) -> list[dict[str, Any]]:
        if hasattr(self.cls, "conventions"):
            raise self.cls.conventions
        return [{"arguments": list(signature.shapes), "options": dict(signature.options)}]

    def call(self, case: Case, convention: Convention, *, fresh: bool = False) -> Answer:
        output = self.cls().forward(*case.inputs.values())
        gradients = {"backward": {"input": case.grad_output}} if fresh else {}
        if isinstance(output, str | dict | list):  # something to look at
            return Answer(None, gradients, mutated=(repr(output),))
        return Answer(asarray(output), gradients)

    def train(self, course: Course, convention: Convention) -> Trajectory:
        self.cls().step()
        return Trajectory((course.parameters,), tuple(convention))


@dataclass
class Found:
    description: Description
    candidate: Direct | None
    reason: str = ""


def discover(module: ModuleType, units: Sequence[Unit]) -> list[Found]:
    found = []
    for unit in units:
        for node in unit.tree.body:
            cls = getattr(module, node.name, None) if isinstance(node, ast.ClassDef) else None
            if cls is None:
                continue
            line = {"definition": node.lineno}
            description = Description(
                cls.__name__,
                "function",
                "numpy-class",
                unit.file,
                unit.cell,
                line,
                promised=(cls.__module__,),
            )
            if hasattr(cls, "explode"):
                cls.explode()
            if hasattr(cls, "forward") or hasattr(cls, "step"):
                found.append(Found(description, Direct(description, cls)))
            else:
                found.append(Found(description, None, "it has no forward"))
    return found
