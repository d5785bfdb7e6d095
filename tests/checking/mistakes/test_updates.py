"""Mistakes planted in update rules: each is found under its name, and legitimate forms are no errors."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from backproof.checking.findings import Finding, Verdict
from backproof.checking.judge.judge import judge
from backproof.checking.judge.optimizers.courses import courses, now_and_then
from backproof.checking.judge.optimizers.paths import agrees_somewhere
from backproof.checking.mistakes.update_states import MISSING_CONVENTIONS
from backproof.checking.mistakes.updates import UPDATE_MISTAKES
from backproof.checking.references import RuleReference, guess
from backproof.diagnoses import DIAGNOSES, Severity
from backproof.updates import CATALOGUE
from backproof.updates.sgd import SGD
from tests.checking.planted import RuleCandidate

#: By the name of the candidate, what it has where it takes only a learning rate.
NAMES: dict[str, dict[str, Any]] = {
    "Momentum": {"momentum": 0.8},
    "Nesterov": {"momentum": 0.95, "nesterov": True},
    "RMSprop momentum": {"momentum": 0.9},
    "AMSGrad": {"amsgrad": True},
    **{name: {} for name in CATALOGUE},
}


def _reference(name: str) -> RuleReference:
    reference = guess(name)
    assert isinstance(reference, RuleReference)
    return reference


def _changes_path(name: str, wrong: Any, *, fixed: bool) -> bool:
    """Whether what was planted makes any difference: a decay of 0 may be coupled or not.

    Where only the rate is taken, it may be the rule with another hyperparameter, such as a smaller epsilon.
    """
    reference, candidate = _reference(name), _candidate(name, wrong, fixed=fixed)
    every = list(courses(reference.rule, reference.options, 0))
    observed = [(course, candidate.train(course, {})) for course in (every[:1] if fixed else every)]
    return not agrees_somewhere(reference.rule, observed)


def _named_by(finding: Finding) -> set[str]:
    return {finding.diagnosis, *finding.evidence.get("also", [])}  # type: ignore[misc]  # it is a list


def _candidate(name: str, rule: Any, *, fixed: bool) -> RuleCandidate:
    taken = ("lr",) if fixed else tuple(_reference(name).rule.hyperparameters())
    return RuleCandidate(rule, name, taken, NAMES[name] if fixed else {})


def _mistaken(name: str, planted: Any, *, fixed: bool) -> str:
    """Say what is wrong with the judgement of a rule with a mistake in it; nothing if it is right."""
    judgement = judge(_candidate(name, planted.rule, fixed=fixed))
    errors = [f for f in judgement.findings if f.severity is Severity.ERROR]
    if judgement.verdict is not (Verdict.FAIL if errors else Verdict.PASS):
        return f"{judgement.verdict} with {judgement.findings}"
    if not _changes_path(name, planted.rule, fixed=fixed):
        return (
            f"{planted.says}: nothing is wrong, but found {judgement.findings}" if judgement.findings else ""
        )
    # A row of the general name may do the same as one that has a name of its own.
    named = planted.diagnosis == "update-value" or any(
        planted.diagnosis in _named_by(finding) for finding in judgement.findings
    )
    if not (named and judgement.findings):
        return f"{planted.diagnosis} ({planted.says}): found {judgement.findings}"
    legitimate = (planted.severity or DIAGNOSES[planted.diagnosis].severity) is not Severity.ERROR
    # A legitimate form is never an error; a mistake may do the same as one.
    return f"{planted.says} is no error: found {errors}" if legitimate and errors else ""


#: Where only the rate is taken, there are many guesses to make; these are relatives of others.
_RELATIVES = ("AdamW", "AMSGrad", "RMSprop momentum")


@pytest.mark.parametrize(
    ("name", "fixed"),
    [(name, False) for name in NAMES] + [(name, True) for name in NAMES if name not in _RELATIVES],
)
def test_what_is_planted_is_named(name: str, fixed: bool) -> None:
    rule = _reference(name).rule
    with np.errstate(all="ignore"):
        found = [
            _mistaken(name, planted, fixed=fixed) for row in UPDATE_MISTAKES for planted in row.plant(rule)
        ]
    assert [mistaken for mistaken in found if mistaken] == []
    assert len(found) > 10


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("fixed", [True, False], ids=["fixed", "taken"])
def test_the_rule_itself_passes(name: str, fixed: bool) -> None:
    judgement = judge(_candidate(name, _reference(name).rule, fixed=fixed))
    assert judgement.verdict is Verdict.PASS
    assert judgement.findings == []


@pytest.mark.parametrize("rule", ["Adam", "NAdam", "RAdam", "SGD"])
@pytest.mark.parametrize("index", range(len(MISSING_CONVENTIONS)))
def test_what_happens_where_a_gradient_is_missing_is_a_note(rule: str, index: int) -> None:
    name = "Momentum" if rule == "SGD" else rule
    for planted in MISSING_CONVENTIONS[index].plant(_reference(name).rule):
        judgement = judge(_candidate(name, planted.rule, fixed=False))
        assert judgement.verdict is Verdict.PASS
        assert [(f.diagnosis, f.severity) for f in judgement.findings] == [(planted.diagnosis, Severity.NOTE)]


def test_each_parameter_lacks_its_gradient_at_some_steps_and_has_it_at_others() -> None:
    course = now_and_then(next(courses(CATALOGUE["SGD"], {}, 0)))
    for gradients in list(zip(*course.gradients, strict=True))[:3]:
        assert {gradient is None for gradient in gradients} == {True, False}


PAIRS = [
    ("Adam", "bias-correction-missing", "root-missing"),
    ("Adam", "betas-swapped", "epsilon-placement"),
    ("RMSprop", "root-missing", "weight-decay-coupled"),
    ("Nesterov", "nesterov-mismatch", "velocity-holds-lr"),
    ("Adamax", "bias-correction-missing", "epsilon-placement"),
]


@pytest.mark.parametrize(("name", "first", "second"), PAIRS)
def test_of_a_pair_both_are_named(name: str, first: str, second: str) -> None:
    def plant(rule: Any, diagnosis: str) -> Any:
        rows = (planted for row in UPDATE_MISTAKES for planted in row.plant(rule))
        return next(
            p.rule for p in rows if p.diagnosis == diagnosis and "the second moment for" not in p.says
        )

    judgement = judge(_candidate(name, plant(plant(_reference(name).rule, first), second), fixed=False))
    assert {first, second} <= {finding.diagnosis for finding in judgement.findings}


@pytest.mark.parametrize(
    ("name", "other", "diagnosis"),
    [
        ("Adam", "RMSprop", "update-value"),
        ("RMSprop", "Adagrad", "update-value"),
        ("Adagrad", "SGD", "update-value"),
        ("NAdam", "Adam", "nesterov-mismatch"),
        ("Adam", "Adamax", "update-value"),
        ("Momentum", "Adam", "update-value"),
    ],
)
def test_the_path_of_another_rule_is_told(name: str, other: str, diagnosis: str) -> None:
    (finding,) = judge(RuleCandidate(CATALOGUE[other], name, ("lr",))).findings
    assert finding.diagnosis == diagnosis
    assert finding.evidence["path_of"] == other
    assert other in finding.message


def _planted(name: str, says: str) -> Any:
    rows = (planted for row in UPDATE_MISTAKES for planted in row.plant(_reference(name).rule))
    return next(planted for planted in rows if planted.says.startswith(says))


#: What is the rule itself where it hides its hyperparameters: the name, how the row begins, and why.
THE_RULE_ITSELF = [
    (
        "Adadelta",
        "adds the new value to every",
        "both sums are 1 / (1 − ρ) times the averages: ε is 1 − ρ of it",
    ),
    ("RAdam", "has ε as the least value of the root", "no root is below 1e-8: it is the rule with ε = 1e-12"),
    ("RAdam", "has ε as the least value under", "no square is below 1e-8: it is the rule with ε = 1e-12"),
    ("Adam", "divides the weight decay by √v̂", "there is no decay to divide"),
]


@pytest.mark.parametrize(("name", "says", "why"), THE_RULE_ITSELF)
def test_what_is_the_rule_itself_with_what_it_hides_is_not_accused(name: str, says: str, why: str) -> None:
    judgement = judge(_candidate(name, _planted(name, says).rule, fixed=True))
    assert (judgement.verdict, judgement.findings) == (Verdict.PASS, []), why


#: Of two rows that do the same, the one with a name of its own is said, and the general one is not.
SAME_NUMBERS = [
    ("Momentum", "forgets at each step", "momentum-missing", "the velocity is all that is remembered"),
    ("Adamax", "does not carry every", "momentum-missing", "the norm is no average: m is the only one"),
    ("RMSprop", "forgets at each step", "update-value", "the squares are remembered, and are no momentum"),
    ("RMSprop", "does not carry every", "update-value", "the squares are averaged, and are no momentum"),
    ("Adadelta", "does not carry the running average of the squares", "update-value", "they are no momentum"),
]


@pytest.mark.parametrize("fixed", [True, False], ids=["fixed", "taken"])
@pytest.mark.parametrize(("name", "says", "diagnosis", "why"), SAME_NUMBERS)
def test_of_two_rows_that_do_the_same_the_telling_one_is_said(
    name: str, says: str, diagnosis: str, why: str, fixed: bool
) -> None:
    (finding,) = judge(_candidate(name, _planted(name, says).rule, fixed=fixed)).findings
    assert _named_by(finding) == {diagnosis}, why


def test_momentum_in_plain_gradient_descent_is_no_error() -> None:
    judgement = judge(RuleCandidate(CATALOGUE["SGD"], "SGD", ("lr",), {"momentum": 0.9}))
    assert judgement.verdict is Verdict.PASS
    assert [f.severity for f in judgement.findings] == [Severity.WARNING]


@pytest.mark.parametrize(("factor", "said"), [(0.25, "the number of parameters"), (2.0, "2 times")])
def test_a_factor_is_told(factor: float, said: str) -> None:
    def update(self: Any, xp: Any, parameter: Any, *roles: Any) -> Any:
        moved, state = SGD.update(self, xp, parameter, *roles)
        return parameter + factor * (moved - parameter), state

    (finding,) = judge(_candidate("SGD", type("SGD", (SGD,), {"update": update}), fixed=False)).findings
    assert (finding.diagnosis, finding.evidence["factor"]) == ("update-scale", factor)
    assert said in finding.message
