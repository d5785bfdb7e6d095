"""What an update rule is: its registration, what it refuses, and its documentation."""

from __future__ import annotations

import dataclasses
import importlib
import inspect
import pkgutil
import re
from collections.abc import Callable
from types import ModuleType

import numpy as np
import pytest

import backproof.updates
from backproof.updates import CATALOGUE, UpdateRule
from backproof.updates.update import update_rule

RULES = pytest.mark.parametrize("rule", CATALOGUE.values(), ids=CATALOGUE)


def modules() -> list[ModuleType]:
    names = (
        found.name for found in pkgutil.iter_modules(backproof.updates.__path__) if found.name != "update"
    )
    return [importlib.import_module(f"backproof.updates.{name}") for name in names]


def test_exported_is_registered() -> None:
    exported = [getattr(module, name) for module in modules() for name in module.__all__]
    assert {rule.__name__: rule for rule in exported} == CATALOGUE


@RULES
def test_docstring_has_its_parts(rule: type[UpdateRule]) -> None:
    text = inspect.getdoc(rule) or ""
    assert "←" in text, "no formula"
    assert ">>>" in text, "no example"
    assert re.search(r"^Source: ", text, re.MULTILINE)
    if hasattr(rule, "__post_init__"):  # it checks its hyperparameters
        assert "Raises\n------" in text


@RULES
def test_an_alias_names_hyperparameters_that_the_rule_has(rule: type[UpdateRule]) -> None:
    for alias, hyperparameters in rule.aliases.items():
        assert alias == alias.lower()
        rule(**hyperparameters)  # type: ignore[arg-type]  # by name, from a table


@RULES
def test_hyperparameters_are_frozen(rule: type[UpdateRule]) -> None:
    made = rule(lr=0.1)
    with pytest.raises(dataclasses.FrozenInstanceError):
        made.lr = 0.2  # type: ignore[misc]  # the mistake under test
    assert dataclasses.replace(made, lr=0.2).lr == 0.2


def nesterov(momentum: float) -> Callable[[], object]:
    return lambda: CATALOGUE["SGD"](momentum=momentum, nesterov=True)  # type: ignore[call-arg]  # SGD's


def taken() -> None:
    update_rule(CATALOGUE["Adam"])


NEEDS_MOMENTUM = "nesterov needs a momentum above 0, e.g. momentum=0.9; got momentum="
MISUSE: dict[str, tuple[type[Exception], Callable[[], object], str]] = {
    "nesterov without momentum": (ValueError, nesterov(0.0), f"{NEEDS_MOMENTUM}0.0"),
    "nesterov with a negative momentum": (ValueError, nesterov(-0.9), f"{NEEDS_MOMENTUM}-0.9"),
    "a name that is taken": (
        TypeError,
        taken,
        "an update rule's name is its own in the catalogue; got name='Adam', which is taken",
    ),
    "a hyperparameter that it has not": (TypeError, lambda: CATALOGUE["Adam"](beta=0.9), "'beta'"),  # type: ignore[call-arg]
    "a hyperparameter by position": (TypeError, lambda: CATALOGUE["Adam"](0.1), "positional"),  # type: ignore[call-arg]
}


@pytest.mark.parametrize(("error", "use", "message"), MISUSE.values(), ids=MISUSE)
def test_misuse(error: type[Exception], use: Callable[[], object], message: str) -> None:
    with pytest.raises(error, match=re.escape(message)):
        use()


def test_a_mistake_is_a_subclass_that_overrides_a_method() -> None:
    adam = CATALOGUE["Adam"]

    class Uncorrected(adam):  # type: ignore[misc, valid-type]  # a class of the catalogue, known at run time
        def corrected(self, moment: float, beta: float, step: float) -> float:
            return moment

    wrong, right = Uncorrected(lr=0.1), adam(lr=0.1)
    parameter, gradient = np.array([1.0]), np.array([2.0])
    assert right.update(np, parameter, gradient, right.start(np, parameter))[0].round(6) == 0.9
    # (1 − β₁) / √(1 − β₂) = 3.162 times as far.
    assert wrong.update(np, parameter, gradient, wrong.start(np, parameter))[0].round(4) == 1 - 0.3162
    assert CATALOGUE["Adam"] is adam
