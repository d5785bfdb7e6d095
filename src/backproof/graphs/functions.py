"""The functions that an expression may call: the ops of the catalogue, by the names people use."""

from __future__ import annotations

import difflib
import functools
import math
import operator
import re
from collections.abc import Callable, Mapping
from typing import Any

from backproof.ops import CATALOGUE
from backproof.ops.backend import erfc
from backproof.ops.domain import REAL, Argument
from backproof.ops.op import Op

__all__ = [
    "COMPARISONS",
    "OWN",
    "function",
    "key",
    "keyed",
    "like",
    "needed",
    "spellings",
    "squashed",
    "words",
]

#: What mathematics, NumPy and SciPy say besides.
_BESIDES = {
    "ln": "log",
    "σ": "Sigmoid",
    "expit": "Sigmoid",
    "max": "maximum",
    "min": "minimum",
    "dot": "matmul",
}


def _comparison(name: str, compare: Callable[[Any, Any], Any]) -> Op:
    """Make the op that says where one is greater or less: a condition, which has no gradient."""
    return Op(
        name=name,
        kind="elementary",
        forward=lambda xp, *both: compare(*both),
        arguments={"input": Argument(REAL, "N D"), "other": Argument(REAL, "N D")},
        options={},
        elementwise=True,
    )


#: Conditions, by their signs. Their derivative is 0 wherever there is one: they have no gradient rule.
COMPARISONS: Mapping[str, Op] = {
    "<": _comparison("less", operator.lt),
    "<=": _comparison("less_equal", operator.le),
    ">": _comparison("greater", operator.gt),
    ">=": _comparison("greater_equal", operator.ge),
}


def _integral(name: str, forward: Callable[..., Any], sign: int) -> Op:
    """Make the op of an integral of ±2/√π exp(−t²): formulas of GELU hold one."""
    slope = sign * 2 / math.sqrt(math.pi)
    return Op(
        name=name,
        kind="elementary",
        forward=forward,
        arguments={"input": Argument(REAL, "N D")},
        options={},
        rules={"input": lambda xp, grad_output, x, output: grad_output * (slope * xp.exp(-(x * x)))},
        elementwise=True,
    )


#: The error function, 2/√π ∫₀ˣ exp(−t²) dt, and what it lacks to 1.
_INTEGRALS = {
    "erf": _integral("erf", lambda xp, x: 1 - erfc(xp, x), 1),
    "erfc": _integral("erfc", erfc, -1),
}


def _sign(xp: Any, x: Any) -> Any:
    one = xp.ones_like(x)
    return xp.where(x > 0, one, xp.where(x < 0, -one, xp.zeros_like(x)))


#: The sign: like a condition it has no gradient rule, as its derivative is 0 wherever there is one.
_SIGN = Op(
    name="sign",
    kind="elementary",
    forward=_sign,
    arguments={"input": Argument(REAL, "N D")},
    options={},
    elementwise=True,
)
_CALLED = {**_INTEGRALS, "sign": _SIGN}
#: Ops that stand in no catalogue.
OWN: Mapping[str, Op] = {**COMPARISONS, **_CALLED}


@functools.cache
def _keys() -> Mapping[int, str]:
    """Give what each op is kept as, by its identity."""
    kept = {id(op.main): f"{name}.main" for name, op in CATALOGUE.items()}
    return kept | {id(op): name for name, op in {**CATALOGUE, **OWN}.items()}


def key(op: Op) -> str:
    """Give a name by which `keyed` finds an op again, in another process as well.

    Raises
    ------
    TypeError
        If it is not of the catalogue.

    Examples
    --------
    >>> key(CATALOGUE["Tanh"]), key(COMPARISONS["<"])
    ('Tanh', '<')
    """
    if id(op) not in _keys():
        raise TypeError(f"expected ops of the catalogue, which are kept by their names; got op={op.name}")
    return _keys()[id(op)]


def keyed(name: str) -> Op:
    """Give the op that was kept by a name.

    Examples
    --------
    >>> keyed("Tanh") is CATALOGUE["Tanh"]
    True
    """
    if name in OWN:
        return OWN[name]
    op = CATALOGUE[name.removesuffix(".main")]
    return op.main if name.endswith(".main") else op


def squashed(name: str) -> str:
    """Give a name without what people write in different ways.

    Examples
    --------
    >>> squashed("leaky_relu"), squashed("LeakyReLU"), squashed("mean squared error")
    ('leakyrelu', 'leakyrelu', 'meansquarederror')
    """
    return name.replace("_", "").replace(" ", "").lower()


def words(name: str) -> str:
    """Give the name of a module as that of a function.

    Examples
    --------
    >>> words("LeakyReLU"), words("BCEWithLogitsLoss"), words("GaussianNLLLoss")
    ('leaky_relu', 'bce_with_logits_loss', 'gaussian_nll_loss')
    """
    ends = r"(?<=[a-z0-9])(?=[A-Z][a-z0-9])|(?<=[A-Z]{2})(?=[A-Z][a-z])|(?<=[a-z])(?=[A-Z]{3})"
    return re.sub(ends, "_", name).lower()


@functools.cache
def _known() -> Mapping[str, Op]:
    # A node has one value: of an op with several outputs it is the first.
    ops = {name: op if op.reduction else op.main for name, op in CATALOGUE.items()}
    known = {squashed(name): op for name, op in reversed(ops.items())}
    known |= {name: ops[other] for name, other in _BESIDES.items()} | _CALLED
    for op in ops.values():
        for alias, options in op.aliases.items():
            if not options:
                known.setdefault(squashed(alias), op)
        if op.kind == "loss":
            known.setdefault(squashed(op.name).removesuffix("loss"), op)
    return known


def function(name: str) -> Op | None:
    """Give the op of a name; ``None`` if there is none.

    Examples
    --------
    >>> [function(name).name for name in ("tanh", "cross_entropy", "MSELoss", "kl_div", "ln")]
    ['tanh', 'CrossEntropyLoss', 'MSELoss', 'KLDivLoss', 'log']
    """
    return _known().get(squashed(name))


def spellings() -> set[str]:
    """Give all names of functions, as they are written in Python.

    Examples
    --------
    >>> sorted(name for name in spellings() if name.lower().startswith("lea"))
    ['LeakyReLU', 'leaky_relu', 'leakyrelu']
    """
    found = {*_known(), *CATALOGUE, *map(words, CATALOGUE)}
    found |= {alias.replace(" ", "_") for op in CATALOGUE.values() for alias in op.aliases}
    found |= {name.removesuffix("_loss") for name in found}
    return {name for name in found if name.isidentifier() and function(name)}


def like(name: str) -> list[str]:
    """Give names of functions that are nearly this one."""
    return difflib.get_close_matches(squashed(name), _known(), 2)


def needed(op: Op) -> list[str]:
    """Give the names of the arguments that have to be given: the others may be left out."""
    return [name for name, argument in op.arguments.items() if not argument.optional]
