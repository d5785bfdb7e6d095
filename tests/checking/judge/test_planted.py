"""Planted mistakes × references × styles: each is caught, and named."""

from __future__ import annotations

import operator
from collections.abc import Iterator
from functools import partial
from typing import Any

import pytest

import backproof as bp
from backproof.checking.cases import ordinary_cases
from backproof.checking.findings import Finding, Judgement, Verdict
from backproof.checking.judge import judge
from backproof.checking.mistakes.compositions import swapped
from backproof.checking.mistakes.forwards import FORMULA, FORWARD_MISTAKES, with_epsilon
from backproof.checking.mistakes.gradients import GRADIENT_MISTAKES
from backproof.checking.mistakes.mistake import GENERIC, Planted, exchange_results
from backproof.checking.mistakes.search import CHANGES
from backproof.checking.mistakes.substitutions import forward_changes, rule_changes
from backproof.checking.references import OpReference
from backproof.diagnoses import DIAGNOSES, Severity
from backproof.ops import CATALOGUE, Op
from tests.checking.planted import OpCandidate, changes_gradient, changes_output, scaled, some
from tests.checking.styles import STYLES, by_attribute, by_key, styles_of
from tests.enforcement import unenforced

#: How names of losses begin that say nothing of a mean.
_UNPROMISED = ("absolute", "squared", "l2", "binary", "bce", "ce")

#: Components of every sort, whose mistakes are planted in every style; of the others, in one.
IN_EVERY_STYLE = (
    *("ReLU", "LeakyReLU", "Sigmoid", "Tanh", "Softmax", "LogSoftmax"),
    *("L1Loss", "MSELoss", "BCELoss", "BCEWithLogitsLoss", "CrossEntropyLoss", "Linear"),
)
PLANTED = "planted"
#: Whose backward returns a tuple that says nothing of its order: each gradient is matched by its shape, so
#: that an exchange is but another order. Stored under names it is seen, and a Function's order is PyTorch's.
IN_ANY_ORDER = ("numpy-class", "function-pair")
#: Whose mask is drawn: it is judged with its own.
DRAWN = ("Dropout",)

STYLED = [op.main for op in CATALOGUE.values() if styles_of(op)]
#: What can be judged by its own forward: nobody tells a sign from a class without a reference.
OWN = pytest.mark.parametrize(
    "op",
    [
        op
        for op in STYLED
        if op.kind != "layer"
        and "sign" not in [a.domain for a in op.arguments.values()]
        and op.name != "GLU"  # whose axis has an even size
    ],
    ids=lambda op: op.name,
)
LOSSES = [op.main for op in CATALOGUE.values() if op.kind == "loss"]
#: For each loss that has one, a name that promises no mean.
UNPROMISED = {
    op.name: alias
    for op in LOSSES
    for alias, options in reversed(list(op.aliases.items()))
    if alias.startswith(_UNPROMISED) and not options
}


def _names(judgement: Judgement) -> list[str]:
    return [f.diagnosis for f in judgement.findings if f.severity is not Severity.NOTE]


def _named_by(finding: Finding) -> list[Any]:
    """The diagnosis, and those that fit as well."""
    also: Any = finding.evidence.get("also", [])
    return [finding.diagnosis, *also]


def _changes_gradient(op: Op, wrong: Op) -> bool:
    """Whether what was planted makes any difference: the sign of a symmetric thing makes none."""
    return any(changes_gradient(op, wrong, case) for case in ordinary_cases(op, 0, {}))


def _gradient_rows() -> Iterator[Any]:
    for op in (found.main for found in CATALOGUE.values() if found.name not in DRAWN):
        named = [m for m in GRADIENT_MISTAKES if m.name != CHANGES]
        # Of the many pairs of arguments that a cell has, a few are exchanged.
        rows = [(m.name, p) for m in named for p in some(list(m.plant(op, {}, [])), 6)]
        for name, planted in [*rows, *((p.says, p) for p in scaled(op))]:
            if _changes_gradient(op, planted.op):
                for style in [PLANTED, *(styles_of(op) if op.name in IN_EVERY_STYLE else ())]:
                    if style == "torch-autograd-function" and name == "broadcast-not-reduced":
                        continue  # PyTorch sums over broadcast axes itself: it is right there
                    if op.kind == "layer" and name == "gradients-swapped" and style in IN_ANY_ORDER:
                        continue  # a tuple of other order is right there, and not seen
                    yield pytest.param(planted, style, id=f"{op.name}-{name}-{style}")


with unenforced():
    GRADIENT_ROWS = list(_gradient_rows())


@pytest.mark.parametrize(("planted", "style"), GRADIENT_ROWS)
def test_a_planted_gradient_mistake_is_named(planted: Planted, style: str) -> None:
    if style == PLANTED:
        judgement = judge(OpCandidate(planted.op))
    else:
        judgement = bp.check(STYLES[style](planted.op))
        assert judgement.style == style
    assert judgement.verdict is Verdict.FAIL
    errors = [f for f in judgement.findings if f.severity is Severity.ERROR]
    assert planted.diagnosis in {name for f in errors for name in _named_by(f)}


@pytest.mark.parametrize("style", [by_attribute, by_key], ids=lambda made: made.__name__)
@pytest.mark.parametrize("planted", list(swapped(CATALOGUE["Linear"], {}, [])), ids=lambda p: p.says[-30:])
def test_gradients_exchanged_under_their_names_are_seen(planted: Planted, style: Any) -> None:
    judgement = bp.check(style(planted.op))
    assert judgement.style == "numpy-class"
    errors = [f for f in judgement.findings if f.severity is Severity.ERROR]
    assert planted.diagnosis in {name for f in errors for name in _named_by(f)}, f"{judgement}"


@pytest.mark.parametrize("style", [by_attribute, by_key], ids=lambda made: made.__name__)
def test_gradients_under_their_names_pass(style: Any) -> None:
    judgement = bp.check(style(CATALOGUE["Linear"]))
    assert judgement.verdict is Verdict.PASS, f"{judgement}"
    assert _names(judgement) == []


WHOLE = pytest.mark.parametrize(
    "op", [o.main for o in CATALOGUE.values() if o.name not in DRAWN], ids=lambda o: o.name
)


@WHOLE
def test_a_change_in_a_rule_is_caught_and_named(op: Op) -> None:
    """Operations of its rules, done in another way."""
    for planted in some(list(rule_changes(op, {}, []))):
        if not _changes_gradient(op, planted.op):
            continue
        judgement = judge(OpCandidate(planted.op))
        errors = [f for f in judgement.findings if f.severity is Severity.ERROR]
        assert judgement.verdict is Verdict.FAIL, f"{planted.diagnosis} {planted.says}\n{judgement}"
        if planted.diagnosis not in GENERIC:
            named = {name for f in errors for name in _named_by(f)}
            assert planted.diagnosis in named, f"{planted.says}\n{judgement}"


def test_the_table_covers_every_component_and_most_mistakes() -> None:
    rows = GRADIENT_ROWS
    assert len(rows) > 500
    assert {row.values[0].diagnosis for row in rows} >= {
        "upstream-ignored",
        "upstream-as-input",
        "output-for-input",
        "input-for-output",
        "gradient-sign",
        "gradient-scale",
        "diagonal-jacobian",
        "transposed-gradient",
        "broadcast-not-reduced",
        "gradients-swapped",
    }


@pytest.mark.parametrize("op", CATALOGUE.values(), ids=CATALOGUE)
def test_the_reference_itself_passes(op: Op) -> None:
    judgement = judge(OpCandidate(op))
    assert judgement.verdict is Verdict.PASS, f"{judgement}"
    assert _names(judgement) == []


@pytest.mark.parametrize(
    ("op", "style"),
    [(o, s) for o in STYLED for s in styles_of(o)],
    ids=lambda value: getattr(value, "name", value),
)
def test_the_reference_itself_passes_in_every_style(op: Op, style: str) -> None:
    judgement = bp.check(STYLES[style](op))
    assert judgement.verdict is Verdict.PASS, f"{judgement}"
    assert _names(judgement) == []


@OWN
def test_the_reference_passes_by_its_own_forward_alone(op: Op) -> None:
    judgement = judge(OpCandidate(op), like=None)
    assert judgement.verdict is Verdict.PASS, judgement.reason
    assert _names(judgement) == []


def test_a_layers_parameters_are_unknown_without_a_reference() -> None:
    assert judge(OpCandidate(CATALOGUE["Linear"]), like=None).verdict is Verdict.SKIPPED


@OWN
@pytest.mark.parametrize("factor", [-1.0, 2.0, 1.001, 1e-3])
def test_a_scaled_gradient_is_named_without_a_reference(op: Op, factor: float) -> None:
    wrong = exchange_results(op, lambda gradient: factor * gradient)
    judgement = judge(OpCandidate(wrong), like=None)
    (finding,) = (f for f in judgement.findings if f.severity is Severity.ERROR)
    assert finding.diagnosis == ("gradient-sign" if factor == -1 else "gradient-scale")
    assert judgement.findings[0].evidence["factor"] == pytest.approx(factor, rel=1e-6)


@pytest.mark.parametrize(
    "op", [o for o in LOSSES if o.likelihood < 0 and o.name in UNPROMISED], ids=lambda o: o.name
)
@pytest.mark.parametrize("form", ["add", "clamp both"])
def test_an_epsilon_beside_another_reduction_is_two_warnings(op: Op, form: str) -> None:
    biased = with_epsilon(op, 1e-7, form).op
    right = op.reduction
    assert right is not None
    summed = biased.replace(
        reduction=type(right)(
            lambda xp, values, *_: right.forward(xp, values, "sum"),
            lambda xp, g, values, *_: right.gradient(xp, g, values, "sum"),
        )
    )
    judgement = judge(OpCandidate(summed, name=UNPROMISED[op.name]))
    assert judgement.verdict is Verdict.PASS, f"{judgement}"
    assert (
        {"epsilon-bias", "reduction"}
        <= set(_names(judgement))
        <= {"epsilon-bias", "reduction", "clamped-gradient"}
    )


@pytest.mark.parametrize("op", LOSSES, ids=lambda o: o.name)
@pytest.mark.parametrize("over", [False, True], ids=["times", "over"])
def test_a_factor_that_is_a_count_is_recognised(op: Op, over: bool) -> None:
    right = op.reduction
    assert right is not None

    def gradient(xp: Any, grad_output: Any, values: Any, *how: Any) -> Any:
        count = float(values.shape[0])
        return right.gradient(xp, grad_output, values, *how) * (1 / count if over else count)

    judgement = judge(OpCandidate(op.replace(reduction=type(right)(right.forward, gradient))))
    errors = [f for f in judgement.findings if f.severity is Severity.ERROR]
    assert {f.diagnosis for f in errors} == {"gradient-scale"}
    assert {f.evidence["equals"] for f in errors} == {"1/N" if over else "N"}


def _forward_rows() -> Iterator[Any]:
    for op in (found.main for found in CATALOGUE.values() if found.name not in DRAWN):
        for mistake in FORWARD_MISTAKES:
            if mistake.name == FORMULA:
                continue
            for index, planted in enumerate(mistake.plant(op, {}, [])):
                if changes_output(op, planted.op):
                    yield pytest.param(op, planted, id=f"{op.name}-{mistake.name}-{index}")


def _judged(op: Op, planted: Planted) -> Judgement:
    """Judge an op with a mistake in its forward; its gradients only where they are those of the forward."""
    return judge(
        OpCandidate(planted.op, sources=("backward",) if planted.rules else ()), like=OpReference(op, {})
    )


with unenforced():
    FORWARD_ROWS = list(_forward_rows())


@pytest.mark.parametrize(("op", "planted"), FORWARD_ROWS)
def test_a_planted_forward_mistake_is_named_and_its_gradient_is_not_blamed(op: Op, planted: Planted) -> None:
    judgement = _judged(op, planted)
    first = next(f for f in judgement.findings if DIAGNOSES[f.diagnosis].group == "forward")
    if planted.diagnosis not in GENERIC:
        assert planted.diagnosis in _named_by(first), f"{judgement}"
    if planted.convention is None:
        assert judgement.verdict is Verdict.FAIL
    blamed = {f.diagnosis for f in judgement.findings if DIAGNOSES[f.diagnosis].group == "backward"}
    assert not blamed - {"clamped-gradient", "gradient-at-kink"}, f"{judgement}"


@WHOLE
def test_a_change_in_a_formula_is_caught(op: Op) -> None:
    """Operations of its forward, done in another way; it may be what another option makes of it."""
    for planted in some(list(forward_changes(op, {}, []))):
        if changes_output(op, planted.op):
            judgement = _judged(op, planted)
            options = [f for f in judgement.findings if "value_expected" in f.evidence]
            assert judgement.verdict is Verdict.FAIL or options, f"{planted.says}\n{judgement}"


@pytest.mark.parametrize("op", [o.main for o in CATALOGUE.values() if o.likelihood], ids=lambda o: o.name)
@pytest.mark.parametrize("form", ["add", "clamp", "clamp both"])
@pytest.mark.parametrize("epsilon", [1e-5, 1e-7, 3e-8, 1e-10, 1e-12])
def test_an_epsilon_is_fitted_and_is_a_warning(op: Op, form: str, epsilon: float) -> None:
    judgement = judge(OpCandidate(with_epsilon(op, epsilon, form).op))
    assert judgement.verdict is Verdict.PASS
    assert set(_names(judgement)) <= {"epsilon-bias", "clamped-gradient"}
    finding = next(f for f in judgement.findings if f.diagnosis == "epsilon-bias")
    assert finding.evidence["epsilon"] == pytest.approx(epsilon, rel=0.2)


@pytest.mark.parametrize("op", [o for o in LOSSES if o.name in UNPROMISED], ids=lambda o: o.name)
def test_a_reduction_that_nobody_promised_is_a_warning(op: Op) -> None:
    right = op.reduction
    assert right is not None
    summed = op.replace(
        reduction=type(right)(
            lambda xp, values, *_: right.forward(xp, values, "sum"),
            lambda xp, g, values, *_: right.gradient(xp, g, values, "sum"),
        )
    )
    judgement = judge(OpCandidate(summed, name=UNPROMISED[op.name].title().replace(" ", "")))
    assert judgement.verdict is Verdict.PASS
    assert [(f.diagnosis, f.severity) for f in judgement.findings] == [("reduction", Severity.WARNING)]


@pytest.mark.parametrize("op", [o.main for o in CATALOGUE.values() if o.likelihood], ids=lambda o: o.name)
@pytest.mark.parametrize(("factor", "diagnosis"), [(-1.0, "gradient-sign"), (2.0, "gradient-scale")])
def test_a_wrong_gradient_is_named_beside_a_forward_with_an_epsilon(
    op: Op, factor: float, diagnosis: str
) -> None:
    biased = with_epsilon(op, 1e-9, "add").op
    wrong = exchange_results(op, partial(operator.mul, factor))
    candidate = OpCandidate(biased.replace(rules=_rules_of(op), broadcasting=wrong.broadcasting))
    judgement = judge(candidate)
    (finding,) = (f for f in judgement.findings if f.severity is Severity.ERROR)
    assert diagnosis in _named_by(finding)
    assert "epsilon-bias" in _names(judgement)


def _rules_of(op: Op) -> dict[str, Any]:
    """The rules of an op, given its own values instead of those of whatever calls them."""

    def of(rule: Any) -> Any:
        def own(xp: Any, grad_output: Any, *roles: Any, **options: object) -> Any:
            *inputs, _ = roles
            return rule(xp, grad_output, *inputs, op.forward(xp, *inputs, **options), **options)

        return own

    return {name: of(rule) for name, rule in op.rules.items()}
