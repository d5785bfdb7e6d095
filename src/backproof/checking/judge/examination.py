"""What the steps of a judgement share: the candidate, how it is called, and what was found."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from backproof.checking.bounds import Yardstick, is_single
from backproof.checking.candidate import Answer, Candidate, Case, Convention, Raised
from backproof.checking.findings import Curve, Finding
from backproof.checking.mistakes.mistake import Planted
from backproof.diagnoses import Severity
from backproof.ops import Op

__all__ = ["Examination", "Inquiry", "Trial", "apart", "instead", "shown", "worst"]

#: Evidence shows at most this many elements of an array.
_SHOWN = 64
#: How many digits of a number are written, and how many tell any two of them apart.
_DIGITS, _ALL_DIGITS = 6, 17


@dataclass(frozen=True)
class Trial:
    """One case and the candidate's answer to it."""

    case: Case
    answer: Answer
    sizes: Mapping[str, int]


_LIFTED = "it computes in {}: judged as if in full, for rounding hides derivatives"


@dataclass(kw_only=True)
class Inquiry:
    """A candidate, and what was found out about it.

    Attributes
    ----------
    doubts
        Why an oracle could not be trusted; with one, and no error, the verdict is ``unsure``.
    remarks
        What was not judged.
    cases
        How many cases were put to the candidate.
    """

    candidate: Candidate
    seed: int
    findings: list[Finding] = field(default_factory=list)
    doubts: list[str] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)
    cases: int = 0

    def add(
        self,
        diagnosis: str,
        message: str,
        part: str = "forward",
        severity: Severity | None = None,
        **evidence: Any,
    ) -> None:
        """Add a finding about a part (``forward``, ``backward`` …) of the candidate, once."""
        lines = self.candidate.description.lines
        finding = Finding(
            diagnosis,
            message,
            {name: shown(value) for name, value in evidence.items() if value is not None},
            lines.get(part, lines.get("definition")),
            severity,  # type: ignore[arg-type]  # None takes the diagnosis's own
        )
        if not any(f.diagnosis == diagnosis and f.message == message for f in self.findings):
            self.findings.append(finding)

    def add_raised(self, raised: Raised) -> None:
        """Add the finding that the candidate raised."""
        what = {"construct": "when it was constructed", "autograd": "in the backward pass"}
        where = what.get(raised.phase, f"in {raised.phase}")
        self.add(
            "raises",
            f"It raised {raised.type}: {raised.message} {where}.",
            raised.phase,
            exception=raised.type,
        )
        if raised.line is not None:
            last = self.findings[-1]
            self.findings[-1] = Finding(last.diagnosis, last.message, last.evidence, raised.line)

    def has_errors(self) -> bool:
        """Say whether anything found so far is an error."""
        return any(f.severity is Severity.ERROR for f in self.findings)


@dataclass(kw_only=True)
class Examination(Inquiry):
    """A component under judgement.

    Attributes
    ----------
    op
        The reference; where none is known, an op made of the candidate's own forward.
    own
        Whether ``op`` is the candidate's own forward.
    exact
        Whether the op's gradient rules are formulas, not finite differences.
    fresh
        Whether every call needs a new instance, because an old one spoils it.
    promised
        Whether name, argument or ``like`` promises the reference's reduction.
    asked
        Whether the reference was named, by ``like``, and not guessed.
    recognised
        Whether the reference was found by the candidate's numbers: nothing promises it.
    of_mean
        Whether it gives several outputs, and by itself the gradient of their mean.
    plain
        The op that explains the forward but for an epsilon in it; ``None`` where there is no epsilon.
    epsilon
        The epsilon that explains the ordinary range.
    curve
        Its gradient along its input, where that can be drawn.
    slips
        The keys of the slips that explained a gradient.
    domain
        Where the values of its first argument lie, where the user says so: nothing outside is judged.
    draws
        Whether it draws random numbers.
    differentiated
        How many elements were differentiated by differences in the search for what explains a gradient.
    on_purpose
        Whether a gradient of its is on purpose not the derivative.
    dtype
        The precision the candidate is judged in: float32 only where float64 does not work.
    """

    op: Op
    options: Mapping[str, object]
    own: bool = False
    promised: bool = False
    asked: bool = False
    recognised: bool = False
    of_mean: bool = False
    convention: Convention = field(default_factory=dict)
    dtype: str = "float64"
    trials: list[Trial] = field(default_factory=list)
    exact: bool = True
    fresh: bool = False
    draws: bool = False
    on_purpose: bool = False
    differentiated: int = 0
    plain: Op | None = None
    domain: tuple[float, float] | None = None
    epsilon: Planted | None = None
    slips: tuple[str, ...] = ()
    curve: Curve | None = None

    @property
    def forward_yardstick(self) -> Yardstick:
        """What the bounds of this candidate's outputs are made with."""
        return Yardstick.of(self.dtype, exact=not self.own)

    @property
    def yardstick(self) -> Yardstick:
        """What the bounds of this candidate's gradients are made with."""
        return Yardstick.of(self.dtype, exact=self.exact and not self.own)

    def yardstick_for(self, got: NDArray[Any]) -> Yardstick:
        """Give what the bounds of a gradient are made with that may be of less precision than its input."""
        narrow = is_single(got) and self.dtype == "float64"
        return Yardstick.of("float32", exact=self.yardstick.exact) if narrow else self.yardstick

    def call(self, case: Case, *, fresh: bool = False) -> Answer:
        """Put a case to the candidate."""
        answer = self.candidate.call(case, self.convention, fresh=fresh or self.fresh)
        lifted = _LIFTED.format(answer.lifted)
        if answer.lifted and lifted not in self.remarks:
            self.remarks.append(lifted)
        return _of_each(answer) if self.of_mean else answer

    def take_as_mean(self) -> None:
        """Take what its backward gives, handed no upstream gradient, as that of its outputs' mean."""
        if not self.of_mean:
            self.of_mean = True
            self.trials = [replace(trial, answer=_of_each(trial.answer)) for trial in self.trials]
            self.remarks.append(
                "it gives an output for each sample, and its backward the gradient of their mean"
            )

    def by_autograd(self, source: str) -> bool:
        """Say whether a gradient is autograd's own, of a forward that nobody has written a backward for."""
        plain = self.candidate.description.style.startswith(
            ("torch-module", "torch-function", "jax-function")
        )
        return source == "autograd" and plain and not any(t.answer.handmade for t in self.trials)

    @property
    def stands_alone(self) -> bool:
        """Say whether it is a module cut off from autograd's graph that brings a backward of its own."""
        own = self.candidate.description.style == "torch-module-manual-backward"
        return own and any(t.answer.detached and t.answer.gradients.get("backward") for t in self.trials)

    def part_of(self, source: str) -> str:
        """Name the part of the candidate in which a gradient's mistakes are made."""
        if source == "backward" or self.candidate.description.style == "torch-autograd-function":
            return "backward"
        return "forward"


def _of_each(answer: Answer) -> Answer:
    """Turn the gradients of the mean of several outputs into those of each."""
    count = 1 if answer.output is None else answer.output.size
    gradients = {
        source: {name: None if g is None else g * count for name, g in found.items()}
        for source, found in answer.gradients.items()
    }
    return replace(answer, gradients=gradients)


#: For two explanations that fit, what would tell them apart.
_EXPERIMENTS = {
    "gradient-scale": "look in the code for the factor itself: a count that is divided by, or a coefficient",
    "gradient-sign": "exchange the two arguments: a lost minus stays, an exchange is undone",
    "gradients-swapped": "look at the gradient of the other argument alone: exchanged, both are wrong",
    "inner-derivative-missing": "change the coefficient in the forward: a lost one then changes the ratio",
    "upstream-ignored": "double the incoming gradient: one that is ignored changes nothing",
    "upstream-as-input": "change the input alone: a derivative that is taken elsewhere stays as it is",
    "wrong-axis": "try an input in which one axis has the size 1: over that axis nothing is mixed",
    "reduction": "double one axis of the input: the ratio follows the count that is wrong",
}


def apart(explanations: Sequence[Planted]) -> str:
    """Say that another explanation fits as well, and the experiment that would tell them apart."""
    if not explanations[1:]:
        return ""
    names = [p.diagnosis for p in explanations]
    experiment = next((_EXPERIMENTS[name] for name in names if name in _EXPERIMENTS), "")
    tell = f" To tell them apart, {experiment}." if experiment else ""
    return f" Another mistake gives the same numbers: {names[1]}.{tell}"


def instead(got: float, expected: float) -> str:
    """Say what came instead of what, with as many digits as tell the two apart.

    Examples
    --------
    >>> instead(0.5, 1), instead(2.08151901, 2.08151904)
    ('0.5 where 1 is expected', '2.08151901 where 2.08151904 is expected')
    """
    pairs = [(f"{got:.{digits}g}", f"{expected:.{digits}g}") for digits in range(_DIGITS, _ALL_DIGITS + 1)]
    one, other = next((pair for pair in pairs if pair[0] != pair[1]), pairs[0])
    return f"{one} where {other} is expected"


def shown(value: object) -> object:
    """Turn evidence into JSON values; long arrays are cut."""
    if isinstance(value, np.ndarray):
        return value.tolist() if value.size <= _SHOWN else value.ravel()[:_SHOWN].tolist()
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, Mapping):
        return {str(k): shown(v) for k, v in value.items()}
    if isinstance(value, tuple | list):
        return [shown(v) for v in value]
    return value


def worst(got: Any, expected: Any, bound: Any) -> tuple[int, ...]:
    """Find the element that is furthest out of its bound."""
    with np.errstate(all="ignore"):
        excess = np.abs(got - expected) / np.maximum(bound, 1e-300)
    excess = np.where(np.isnan(excess), np.inf, excess)
    place = np.unravel_index(int(np.argmax(excess)), excess.shape)
    return tuple(int(i) for i in place)
