"""What a diagnosis is, and every diagnosis by its name."""

from __future__ import annotations

import enum
from dataclasses import dataclass

__all__ = ["DIAGNOSES", "Diagnosis", "Severity", "UnknownDiagnosis", "find"]


class Severity(enum.StrEnum):
    """How bad a finding is.

    ``error``: the result is wrong in the ordinary range, the verdict is ``fail``. ``warning``: right
    there, wrong or not finite at the edges, or wrong only in a use that the case did not ask for.
    ``note``: a legitimate convention that differs from PyTorch's.
    """

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


@dataclass(frozen=True)
class Diagnosis:
    """The name of what can be wrong, with its usual severity and its meaning in one line."""

    name: str
    group: str
    severity: Severity
    meaning: str


_TABLE = (
    Diagnosis("forward-value", "forward", Severity.ERROR, "the output differs from the reference"),
    Diagnosis("forward-shape", "forward", Severity.ERROR, "the output has the wrong shape"),
    Diagnosis("forward-dtype", "forward", Severity.WARNING, "the output is not of the input's dtype"),
    Diagnosis(
        "reduction",
        "forward",
        Severity.ERROR,
        "right up to a count: sum for mean, mean over the wrong axis, N for N·D",
    ),
    Diagnosis("wrong-axis", "forward", Severity.ERROR, "softmax, norm or mean taken over another axis"),
    Diagnosis(
        "softmax-twice",
        "forward",
        Severity.ERROR,
        "probabilities treated as logits, or softmax applied again",
    ),
    Diagnosis(
        "not-finite",
        "forward",
        Severity.WARNING,
        "inf or NaN, forward or backward, where the true value is finite; says from which input on",
    ),
    Diagnosis(
        "epsilon-bias",
        "forward",
        Severity.WARNING,
        "an added epsilon or a clamp changes the value at the edges "
        "(a cross-entropy that cannot exceed 16.1), also in the ordinary range, "
        "where one fitted epsilon or clamp of at most 1e-5 reproduces every difference",
    ),
    Diagnosis(
        "precision-loss",
        "forward",
        Severity.WARNING,
        "cancellation: many digits lost where the true value is well-conditioned",
    ),
    Diagnosis(
        "gradient-value",
        "backward",
        Severity.ERROR,
        "the gradient differs from the derivative of the candidate's own forward",
    ),
    Diagnosis(
        "gradient-scale",
        "backward",
        Severity.ERROR,
        "off by a constant factor; says which, and what it equals (N, 1/N, 2, D, …)",
    ),
    Diagnosis("gradient-sign", "backward", Severity.ERROR, "negated"),
    Diagnosis(
        "gradient-shape",
        "backward",
        Severity.ERROR,
        "the gradient has not the shape of what it is the gradient of",
    ),
    Diagnosis("transposed-gradient", "backward", Severity.ERROR, "the transpose of the right gradient"),
    Diagnosis(
        "broadcast-not-reduced",
        "backward",
        Severity.ERROR,
        "not summed over the axes that the forward broadcast (a bias gradient that keeps the batch)",
    ),
    Diagnosis("upstream-ignored", "backward", Severity.ERROR, "the incoming gradient is not multiplied in"),
    Diagnosis(
        "upstream-as-input",
        "backward",
        Severity.ERROR,
        "the derivative or its mask is computed from the incoming gradient, not from the saved input",
    ),
    Diagnosis(
        "output-for-input", "backward", Severity.ERROR, "f(x) stands in the derivative where x belongs"
    ),
    Diagnosis(
        "input-for-output", "backward", Severity.ERROR, "x stands in the derivative where f(x) belongs"
    ),
    Diagnosis(
        "missing-gradient",
        "backward",
        Severity.ERROR,
        "None, or nothing, is returned where a gradient is due; says for which argument",
    ),
    Diagnosis(
        "clamped-gradient",
        "backward",
        Severity.WARNING,
        "zero where the true gradient is not, because the forward was clamped",
    ),
    Diagnosis(
        "detached",
        "backward",
        Severity.ERROR,
        "the output is cut off from the graph (`.item()`, `.data`, `.detach()`, a NumPy round trip)",
    ),
    Diagnosis("gradient-dtype", "backward", Severity.WARNING, "the gradient is not of its input's dtype"),
    Diagnosis(
        "gradient-at-kink",
        "backward",
        Severity.NOTE,
        "at a non-differentiable point: outside the subdifferential is an error, "
        "inside it but unlike PyTorch's choice a note",
    ),
    Diagnosis(
        "diagonal-jacobian",
        "backward",
        Severity.ERROR,
        "a full Jacobian (softmax, norms) treated element by element",
    ),
    Diagnosis(
        "inner-derivative-missing",
        "backward",
        Severity.ERROR,
        "the chain rule's inner factor is lost (also a coefficient, a power's 2)",
    ),
    Diagnosis("gradients-swapped", "backward", Severity.ERROR, "two arguments' gradients are exchanged"),
    Diagnosis(
        "statistics-constant",
        "backward",
        Severity.ERROR,
        "mean and variance of the batch treated as constants",
    ),
    Diagnosis(
        "backward-never-called",
        "backward",
        Severity.NOTE,
        "a `backward` method on an `nn.Module` is never used by autograd: what trains is autograd's gradient",
    ),
    Diagnosis(
        "double-backward",
        "backward",
        Severity.WARNING,
        "the second derivative is wrong or unsupported where PyTorch's is there",
    ),
    Diagnosis(
        "mutates-input", "discipline", Severity.ERROR, "changes its input or the incoming gradient in place"
    ),
    Diagnosis(
        "stale-state",
        "discipline",
        Severity.ERROR,
        "a later call's result depends on an earlier call's saved values",
    ),
    Diagnosis("nondeterministic", "discipline", Severity.ERROR, "the same call gives different results"),
    Diagnosis("update-value", "optimizer", Severity.ERROR, "the trajectory differs from the reference"),
    Diagnosis("update-sign", "optimizer", Severity.ERROR, "climbs instead of descending"),
    Diagnosis("update-scale", "optimizer", Severity.ERROR, "each update is off by a constant factor"),
    Diagnosis("bias-correction-missing", "optimizer", Severity.ERROR, "the moments are not bias-corrected"),
    Diagnosis(
        "bias-correction-step",
        "optimizer",
        Severity.ERROR,
        "the step count used for the correction is wrong "
        "(starts at 0, never advances, advances per parameter)",
    ),
    Diagnosis(
        "epsilon-placement",
        "optimizer",
        Severity.WARNING,
        "epsilon inside the root, or added before the correction: "
        "a convention that differs from the reference",
    ),
    Diagnosis("root-missing", "optimizer", Severity.ERROR, "divides by the second moment, not by its root"),
    Diagnosis("betas-swapped", "optimizer", Severity.ERROR, "the two decay rates are exchanged"),
    Diagnosis(
        "moment-not-squared",
        "optimizer",
        Severity.ERROR,
        "the second moment averages the gradient, not its square",
    ),
    Diagnosis(
        "momentum-averaged", "optimizer", Severity.ERROR, "(1 − μ) multiplies the gradient in the velocity"
    ),
    Diagnosis(
        "velocity-holds-lr",
        "optimizer",
        Severity.WARNING,
        "the learning rate is folded into the velocity: the same until the rate changes",
    ),
    Diagnosis(
        "momentum-missing", "optimizer", Severity.ERROR, "the velocity is not carried from step to step"
    ),
    Diagnosis(
        "nesterov-mismatch",
        "optimizer",
        Severity.ERROR,
        "plain momentum where Nesterov's is asked for, or the reverse",
    ),
    Diagnosis(
        "weight-decay-coupled",
        "optimizer",
        Severity.ERROR,
        "decay goes through the moments where it should be decoupled, or the reverse",
    ),
    Diagnosis("state-shared", "optimizer", Severity.ERROR, "two parameters share one state"),
    Diagnosis(
        "parameter-rebound",
        "optimizer",
        Severity.ERROR,
        "makes a new tensor instead of updating the parameter in place: the model does not change",
    ),
    Diagnosis(
        "gradient-none", "optimizer", Severity.ERROR, "fails on, or updates, a parameter that has no gradient"
    ),
    Diagnosis("gradients-kept", "optimizer", Severity.ERROR, "`zero_grad` does not clear the gradients"),
    Diagnosis("raises", "code", Severity.ERROR, "the candidate raised: type, message, its own line"),
    Diagnosis("time-out", "code", Severity.ERROR, "no answer in the time given"),
    Diagnosis(
        "cell-error", "code", Severity.NOTE, "a notebook cell failed; the cells after it were still read"
    ),
)

#: Every diagnosis by its name. A name keeps its meaning; new ones may be added.
DIAGNOSES: dict[str, Diagnosis] = {diagnosis.name: diagnosis for diagnosis in _TABLE}


class UnknownDiagnosis(ValueError):
    """No diagnosis has the name. The message is one line, for the user."""


def find(name: str) -> Diagnosis:
    """Give the diagnosis of a name.

    Raises
    ------
    UnknownDiagnosis
        If there is none; the message says which names are close.

    Examples
    --------
    >>> find("gradient-sign").meaning
    'negated'
    >>> find("gradient-sing")
    Traceback (most recent call last):
    backproof.diagnoses.diagnosis.UnknownDiagnosis: expected the name of a diagnosis, got 'gradient-sing'; ...
    """
    import difflib

    if name in DIAGNOSES:
        return DIAGNOSES[name]
    close = difflib.get_close_matches(name.lower().replace("_", "-"), DIAGNOSES, n=3, cutoff=0.6)
    hint = f"did you mean {' or '.join(close)}?" if close else "one is upstream-ignored, for example"
    raise UnknownDiagnosis(f"expected the name of a diagnosis, got {name!r}; {hint}")
