"""The checker for Python callers: `check` and `assert_correct`, in process."""

from __future__ import annotations

import contextlib
import random
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from backproof.checking.adapt.libraries import on_device_of
from backproof.checking.candidate import Signature
from backproof.checking.cases import SIZES, draw
from backproof.checking.discover import NotACandidate, adapt
from backproof.checking.findings import Judgement
from backproof.checking.given import argument_names, read_domain, read_inputs, read_seed
from backproof.checking.judge import GUESS, judge
from backproof.checking.judge.own import NoOutput, own_op
from backproof.checking.judge.preparing.prepare import own_arguments
from backproof.checking.references import OpReference, Reference, RuleReference, guess, parse
from backproof.ops import Op

__all__ = ["assert_correct", "check"]

#: How a reason tells what to say on the command line, or in a comment at the definition.
_ADVICE = re.compile(
    r"--like \S+?=(\w+)(?:, or (?:a comment )?'?# backproof: like=\w+'?(?: at its definition)?)?"
)
_COMMENT = re.compile(r"'# backproof: (\w+)=[^']*'")


def check(
    candidate: object,
    *,
    like: object = GUESS,
    inputs: Sequence[ArrayLike] | Mapping[str, ArrayLike] | None = None,
    domain: tuple[float, float] | None = None,
    seed: int = 0,
    name: str | None = None,
) -> Judgement:
    """Say whether a hand-written component is right, and where not, what is wrong.

    Parameters
    ----------
    candidate
        A class or an instance with a forward and a backward (NumPy or PyTorch), a
        ``torch.autograd.Function``, a pair ``(forward, backward)`` of functions, or an optimizer
        class.
    like
        What it is meant to be: a name (``"softmax"``, ``"torch.nn.MSELoss(reduction='sum')"``), a
        module of ``torch.nn`` or class of ``torch.optim``, or an `Op`. By default the candidate's
        name tells. ``None``: it is judged by its own forward alone.
    inputs
        Arrays or tensors to judge it on, by the names of the reference's arguments (without one, of
        the candidate's own) or in their order; what is left out is drawn. By default everything is drawn.
    domain
        Between which two numbers the values of its first argument lie, such as ``(0, 1)``: nothing
        outside is judged, no extremes either.
    seed
        Where the drawn inputs start.
    name
        What to call the candidate, where its own name does not say.

    Returns
    -------
    Judgement
        Prints as a report; true only for the verdict ``pass``.

    Raises
    ------
    NotACandidate
        If the object is none of the above.
    UnknownReference
        If ``like`` names no reference.
    UnfitReference
        If ``like`` is of another kind than the candidate, or has no value.
    ValueError
        If ``inputs`` holds no numbers, ``domain`` is no pair of them, the lower first, or ``seed`` no
        whole number.

    Examples
    --------
    >>> import numpy as np
    >>> class MyTanh:
    ...     def __call__(self, x):
    ...         self.y = np.tanh(x)
    ...         return self.y
    ...     def backward(self, grad_output):
    ...         return 1 - self.y**2
    >>> result = check(MyTanh)
    >>> result.verdict.value, [finding.diagnosis for finding in result.findings]
    ('fail', ['upstream-ignored'])
    """
    seed, bounds = read_seed(seed), read_domain(domain)
    with _seeds_kept(), on_device_of(candidate):
        adapted = adapt(candidate, name=name)
        reference = like if like is GUESS else _reference(like)
        values = None
        if inputs is not None:
            known = guess(adapted.description.name) if reference is GUESS else reference
            named = argument_names(adapted.description, known if isinstance(known, OpReference) else None)
            values = read_inputs(inputs, named)
        judgement = judge(adapted, like=reference, seed=seed, inputs=values, domain=bounds)
    judgement.reason = _for_python(judgement.reason)
    judgement.findings = [replace(found, message=_for_python(found.message)) for found in judgement.findings]
    return judgement


def _for_python(text: str) -> str:
    """Word advice on the command line as one on `check`.

    Examples
    --------
    >>> _for_python("say what it is with --like Net=REF, or a comment '# backproof: like=REF'")
    'say what it is with like=…'
    >>> _for_python("if it is meant to be Adam, say --like Net=Adam")
    "if it is meant to be Adam, say like='Adam'"
    """
    text = _ADVICE.sub(lambda found: "like=…" if found[1] == "REF" else f"like={found[1]!r}", text)
    text = _COMMENT.sub(r"\1=…", text).replace("A comment at it settles", "An argument of check settles")
    return text.replace("--like", "like=")


@contextlib.contextmanager
def _seeds_kept() -> Iterator[None]:
    """Leave the global random states as they were: each call to a candidate seeds them anew."""
    torch = sys.modules.get("torch")
    states = random.getstate(), np.random.get_state(), torch.get_rng_state() if torch else None
    try:
        yield
    finally:
        random.setstate(states[0])
        np.random.set_state(states[1])
        if torch:
            torch.set_rng_state(states[2])


def assert_correct(candidate: object, **settings: Any) -> None:
    """Raise with the report as the message, unless `check` says ``pass``.

    Takes what `check` takes.

    Raises
    ------
    AssertionError
        If the verdict is any other than ``pass``.

    Examples
    --------
    >>> import numpy as np
    >>> def square(x):
    ...     return x * x
    >>> def square_backward(grad_output, x):
    ...     return 2 * x * grad_output
    >>> assert_correct((square, square_backward))
    """
    __tracebackhide__ = True  # pytest shows the line of the test, and the report
    judgement = check(candidate, **settings)
    if not judgement:
        raise AssertionError(f"{judgement}")


def _reference(like: object) -> Reference | None:
    """Read any form of ``like``."""
    if like is None:
        return None
    if isinstance(like, str):
        return parse(like)
    if isinstance(like, Op):
        return OpReference(like, {})
    if isinstance(like, OpReference | RuleReference):
        return like
    kind = like if isinstance(like, type) else type(like)
    found = guess(kind.__name__) if kind.__module__.startswith("torch.") else None
    if found is not None and (isinstance(like, type) or _expressible(like, found)):
        return _with_options(like, found)
    return _foreign(like)


def _settings_of(module: object) -> dict[str, object]:
    """Give what a module was constructed with, as far as it is kept in plain values."""
    return {
        name: value
        for name, value in vars(module).items()
        if not name.startswith("_") and isinstance(value, bool | int | float | str | type(None))
    }


def _expressible(module: object, found: Reference) -> bool:
    """Say whether a torch module differs from its defaults only in options that the op has."""
    if not isinstance(found, OpReference) or found.op.kind == "layer":
        return isinstance(found, OpReference)
    default = _settings_of(type(module)())
    changed = {name for name, value in _settings_of(module).items() if default.get(name) != value}
    buffers = [b for b in vars(module).get("_buffers", {}).values() if b is not None]
    return not buffers and changed <= {*found.op.options, "inplace", "training"}


def _with_options(module: object, found: Reference) -> Reference:
    if isinstance(module, type) or not isinstance(found, OpReference):
        return found
    given = {n: v for n, v in _settings_of(module).items() if n in found.op.options and v is not None}
    return OpReference(found.op, {**found.options, **given})


def _foreign(like: object) -> Reference:
    """Make a reference of any other object: its own forward, differentiated numerically.

    Raises
    ------
    NotACandidate
        If it has no forward that can be called on ordinary values.
    """
    other = adapt(like)
    description = other.description
    for arguments in own_arguments(description):
        shapes = {name: argument.shape(SIZES[0]) for name, argument in arguments.items()}
        for convention in other.conventions(Signature(description.kind, shapes)):
            op = own_op(other, convention, arguments, description.kind, description.name)
            rng = np.random.default_rng(0)
            values = [draw(rng, a.domain, a.shape(SIZES[0]), SIZES[0]) for a in arguments.values()]
            try:
                op.evaluate(np, values)
            except NoOutput:
                continue
            return OpReference(op, {}, exact=False)
    raise NotACandidate(
        "expected like to be a name, a module of torch.nn, an Op, or a component with a forward of one or "
        f"two arrays; got like={like!r}"
    )
