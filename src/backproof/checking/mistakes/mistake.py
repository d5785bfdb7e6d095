"""What a mistake is: a known way to be wrong, as a substitution in a reference.

A mistake takes an op and gives the op that makes it. The same row explains a finding (its numbers
are the candidate's, on every case) and tests the checker (it is planted, and must be named).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from backproof.checking.candidate import Case
from backproof.diagnoses import Severity
from backproof.ops import Op

__all__ = ["GENERIC", "Mistake", "Observation", "Planted"]

#: What a finding is called where no other name has been proven.
GENERIC = ("forward-value", "gradient-value")


@dataclass(frozen=True)
class Observation:
    """What was seen on one case: what the reference gives, and what the candidate gave.

    For a forward the arrays are outputs; for a gradient rule they are gradients of one ``argument``.
    ``sizes`` names the counts of the case, e.g. ``{"N": 7, "D": 5}``.
    """

    case: Case
    expected: NDArray[Any]
    got: NDArray[Any]
    sizes: Mapping[str, int] = field(default_factory=dict)
    argument: str | None = None


@dataclass(frozen=True)
class Planted:
    """An op with one mistake in it, and how to say so.

    Attributes
    ----------
    says
        Completes the sentence "The gradient …" or "The output …".
    convention
        What it is where nobody has promised otherwise, such as a warning for a sum in the place of a
        mean; ``None`` where it is always wrong.
    option
        The option of which it is another value, where it is that.
    besides
        Another mistake that the op has as well.
    rules
        Whether its gradient rules are those of its forward. Where nobody has derived them, gradients
        are held against the candidate's own forward.
    apart
        The experiment that tells it from others that fit as well.
    """

    diagnosis: str
    op: Op
    says: str
    evidence: Mapping[str, Any] = field(default_factory=dict)
    convention: Severity | None = None
    option: str | None = None
    besides: Planted | None = None
    rules: bool = True
    apart: str = ""

    @property
    def mistakes(self) -> list[Planted]:
        """It and the other mistakes that the op has as well."""
        return [self, *(self.besides.mistakes if self.besides else ())]


@dataclass(frozen=True)
class Mistake:
    """A row of the table: a name, and how it is planted.

    ``plant(op, options, observations)`` gives the op with the mistake, once for each form that it
    takes; nothing where the op cannot have it. A mistake with a number in it (a factor, an epsilon)
    fits the number to the observations. ``needs_rules`` says that it is planted inside a gradient
    rule, which what is differentiated numerically does not have.
    """

    name: str
    plant: Callable[[Op, Mapping[str, object], Sequence[Observation]], Iterator[Planted]]
    needs_rules: bool = False


def exchange_roles(
    op: Op,
    change: Callable[..., tuple[Any, Sequence[Any], Any]],
) -> Op:
    """Let every gradient rule see other roles.

    ``change(xp, grad_output, inputs, output, options)`` gives the upstream gradient, the inputs and
    the output that the rules then see.
    """

    def wrong(rule: Callable[..., Any]) -> Callable[..., Any]:
        def substituted(xp: Any, grad_output: Any, *roles: Any, **options: object) -> Any:
            *inputs, output = roles
            with np.errstate(all="ignore"):
                upstream, seen, result = change(xp, grad_output, inputs, output, options)
            return rule(xp, upstream, *seen, result, **options)

        return substituted

    return op.replace(rules={name: wrong(rule) for name, rule in op.rules.items()})


def exchange_results(op: Op, change: Callable[[Any], Any]) -> Op:
    """Let every gradient be changed after its rule and after broadcasting's sum."""
    right = op.broadcasting

    def gradient(xp: Any, values: Any, shape: tuple[int, ...]) -> Any:
        return change(right.gradient(xp, values, shape))

    return op.replace(broadcasting=type(right)(gradient))
