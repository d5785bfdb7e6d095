"""Another value of an option, fitted to what was seen: a mistake where it was promised, else a convention."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from backproof.checking.candidate import Case
from backproof.checking.mistakes.mistake import Observation, Planted
from backproof.checking.mistakes.tracing import Operation, Recorder, plain
from backproof.diagnoses import Severity
from backproof.ops import Op

__all__ = ["WORDS", "other_epsilons", "other_options", "with_options"]

_Options = Mapping[str, object]

#: The α of SELU, and how many times another a value may be that people choose.
_SELU, _FAR = 1.6732632423543772, 50.0
#: Where the search for an option's value starts, in turn: what people choose.
_STARTS = (1.0, 0.5, 2.0, 0.1, 0.2, 0.01, 0.3, 5.0, 0.0, _SELU)
#: Where that for an epsilon does.
_EPSILONS = (1e-5, 1e-6, 1e-8, 1e-3, 1e-12, 1e-7, 1e-4, 1e-2, 0.0)
#: The other words that an option takes.
WORDS = {"approximate": ("none", "tanh"), "nonlinearity": ("tanh", "relu")}
#: Options that are an exponent or a number of groups: a whole number, never fitted.
_WHOLE = {"p": (1, 2)}
#: How many steps a fit takes at most; it converges at once where the output is linear in the option.
_STEPS = 8
_SAME = 1e-9


def with_options(op: Op, fixed: Mapping[str, object]) -> Op:
    """Give an op that has these options, whatever it is asked for."""

    def fix(function: Any) -> Any:
        return lambda *roles, **options: function(*roles, **{**options, **fixed})

    rules = {name: fix(rule) for name, rule in op.rules.items()}
    return op.replace(forward=fix(op.forward), rules=rules, options={**op.options, **fixed})


def other_options(op: Op, options: _Options, seen: Sequence[Observation]) -> Iterator[Planted]:
    """Plant the value of one option that fits the first case; the others have to bear it out."""
    known = {**op.options, **options}
    for name, value in known.items():
        if name in ("reduction", "dim", "eps"):
            continue
        for other in _values(op, options, name, value, seen):
            if other != value:
                shown = f"{other:.6g}" if isinstance(other, float) else repr(other)
                yield Planted(
                    "forward-value",
                    with_options(op, {name: other}),
                    f"has {name}={shown} where {name}={value!r} is expected",
                    {"option": name, "value": other, "value_expected": value},
                    convention=_convention(other, value),
                    option=name,
                )


def _convention(other: object, expected: object) -> Severity | None:
    """Say what another value is where nobody promised the one: nothing but a mistake if nobody chooses it."""
    if isinstance(expected, str):
        return Severity.NOTE
    if not isinstance(other, float) or not isinstance(expected, float):
        return Severity.WARNING
    short = float(f"{other:.3g}") == other or abs(other - _SELU) < _SAME
    low, high = (expected / _FAR, expected * _FAR) if expected > 0 else (1 / _FAR, 2.0)
    return Severity.WARNING if short and low < other < high else None


def _values(
    op: Op, options: _Options, name: str, value: object, seen: Sequence[Observation]
) -> Iterator[object]:
    if name in WORDS:
        yield from WORDS[name]
    elif name in _WHOLE:
        yield from (type(value)(v) for v in _WHOLE[name])  # type: ignore[call-arg]  # int or float
    elif isinstance(value, bool):
        yield not value
    elif isinstance(value, float) and seen:
        yield from _fitted(op, options, name, seen[0], _STARTS)


def _fitted(op: Op, options: _Options, name: str, o: Observation, starts: Sequence[float]) -> Iterator[float]:
    """Fit a value by least squares, from each start in turn, until one reproduces what was seen."""

    def output(value: float) -> NDArray[Any]:
        with np.errstate(all="ignore"):
            return np.asarray(op.evaluate(np, op.roles(o.case.inputs), **{**options, name: value}).output)

    size = float(np.abs(o.got).max(initial=0.0))
    for start in starts:
        try:
            value = _least_squares(output, start, o.got, _SAME * size)
        except (ValueError, ZeroDivisionError):
            continue  # the option cannot have a value that the fit came by
        if value is not None:
            yield value
            return


def _least_squares(output: Any, value: float, got: NDArray[Any], enough: float) -> float | None:
    for _ in range(_STEPS):
        residual = output(value) - got
        if residual.shape != got.shape or not np.all(np.isfinite(residual)):
            return None
        if np.abs(residual).max(initial=0.0) <= enough:
            short = float(f"{value:.6g}")
            return short if np.abs(output(short) - got).max(initial=0.0) <= enough else value
        step = 1e-6 * max(abs(value), 1e-3)
        slope = (output(value + step) - residual - got) / step
        steepness = float(np.sum(slope * slope))
        if not steepness or not np.isfinite(steepness):
            return None
        value -= float(np.sum(slope * residual)) / steepness
    return None


def other_epsilons(op: Op, options: _Options, seen: Sequence[Observation]) -> Iterator[Planted]:
    """Plant another epsilon beneath the root of a spread, one beside the root, and the unbiased variance."""
    known = {**op.options, **options}
    if "eps" not in known or not seen:
        return
    expected = known["eps"]
    if op.kind == "loss":
        for eps in _EPSILONS:
            if eps != expected:
                yield Planted(
                    "epsilon-bias",
                    with_options(op, {"eps": eps}),
                    f"has ε = {eps:.3g}, where {expected!r} is expected",
                    {"epsilon": eps, "value_expected": expected},
                    convention=Severity.NOTE,
                    option="eps",
                )
        return
    roots = _roots(op, options, seen[0].case)
    for outside in (False, True) if roots else (False,):
        for unbiased in (False, True):
            for eps in _EPSILONS:
                if eps != expected or outside or unbiased:
                    yield _spread(op, eps, expected, outside=outside, unbiased=unbiased)


def _roots(op: Op, options: _Options, case: Case) -> list[Operation]:
    recorder = Recorder()
    known = {**op.options, **options}
    with np.errstate(all="ignore"):
        op.forward(np, *(recorder.give(role) for role in op.roles(case.inputs)), **known)
    return [o for o in recorder.operations if o.name == "sqrt"]


def _spread(op: Op, eps: float, expected: object, *, outside: bool, unbiased: bool) -> Planted:
    """Plant a spread of another form: √(σ² + ε), √σ² + ε, each with σ² over m or over m − 1."""

    def forward(xp: Any, *inputs: Any, **options: object) -> Any:
        recorder = _SpreadRecorder(eps if outside else None, unbiased=unbiased)
        known = {**options, "eps": 0.0 if outside else eps}
        return plain(op.forward(np, *(recorder.give(role) for role in inputs), **known))

    where = "added to the root of the variance" if outside else "added to the variance"
    wrong = op.replace(forward=forward)
    if not outside and not unbiased:
        wrong = with_options(op, {"eps": eps})
    evidence = {"epsilon": eps, "form": "outside" if outside else "inside", "value_expected": expected}
    if unbiased:
        return Planted(
            "forward-value",
            wrong,
            f"divides by the unbiased variance, over one less than the number of values (ε = {eps:.3g}, "
            f"{where}), where the mean of squares is expected. In PyTorch var and std are unbiased unless "
            "unbiased=False, in NumPy they are not",
            evidence,
            rules=False,
        )
    return Planted(
        "epsilon-bias",
        wrong,
        f"has ε = {eps:.3g} {where}, where {expected!r} is added to the variance",
        evidence,
        convention=None if outside else Severity.NOTE,
        option="eps",
        rules=not outside,
    )


class _SpreadRecorder(Recorder):
    """Takes the mean of squares over one less, and adds the epsilon after the root."""

    def __init__(self, outside: float | None, *, unbiased: bool) -> None:
        super().__init__()
        self.outside, self.unbiased = outside, unbiased

    def do(self, name: str, operation: Any, operands: Sequence[Any], named: Any) -> Any:
        result = super().do(name, operation, operands, named)
        if name == "mean" and self.unbiased and self._of_squares():
            value = plain(result)
            count = plain(operands[0]).size / value.size
            return self.give(value * (count / (count - 1)))
        if name == "sqrt" and self.outside is not None:
            return self.give(plain(result) + self.outside)
        return result

    def _of_squares(self) -> bool:
        """Say whether the last operation before this mean was a product of something with itself."""
        before = self.operations[-2] if len(self.operations) > 1 else None
        return (
            before is not None
            and before.name == "multiply"
            and np.array_equal(before.operands[0], before.operands[1])
        )
