"""What an update rule is: its registration, what it refuses, and its documentation."""

from __future__ import annotations

import dataclasses
import importlib
import inspect
import pkgutil
import re
from collections.abc import Callable
from types import ModuleType
from typing import Any

import numpy as np
import pytest

import backproof.updates
from backproof.updates import CATALOGUE, UpdateRule
from backproof.updates.update import update_rule

RULES = pytest.mark.parametrize("rule", CATALOGUE.values(), ids=CATALOGUE)


def modules() -> list[ModuleType]:
    found = (module.name for module in pkgutil.iter_modules(backproof.updates.__path__))
    names = [name for name in found if name not in ("update", "moments", "blocks", "following")]
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
    assert "Raises\n------" in text


@RULES
def test_an_alias_names_hyperparameters_that_the_rule_has(rule: type[UpdateRule]) -> None:
    for alias, hyperparameters in rule.aliases.items():
        assert alias == alias.lower()
        rule(**hyperparameters)  # type: ignore[arg-type]  # by name, from a table


@RULES
def test_hyperparameters_are_frozen(rule: type[UpdateRule]) -> None:
    fixed = rule(lr=0.1)
    with pytest.raises(dataclasses.FrozenInstanceError):
        fixed.lr = 0.2  # type: ignore[misc]  # the mistake under test
    assert dataclasses.replace(fixed, lr=0.2) == fixed.changed(lr=0.2) == rule(lr=0.2)
    assert fixed.lr == 0.1


def made(name: str, **hyperparameters: Any) -> Callable[[], object]:
    return lambda: CATALOGUE[name](**hyperparameters)


def taken() -> None:
    update_rule(CATALOGUE["Adam"])


NEEDS_MOMENTUM = "nesterov needs a momentum above 0, e.g. momentum=0.9; got momentum="
MISUSE: dict[str, tuple[type[Exception], Callable[[], object], str]] = {
    "nesterov without momentum": (ValueError, made("SGD", nesterov=True), f"{NEEDS_MOMENTUM}0.0"),
    "nesterov with dampening": (
        ValueError,
        made("SGD", nesterov=True, momentum=0.9, dampening=0.1),
        "nesterov needs dampening=0; got dampening=0.1",
    ),
    "a negative rate": (ValueError, made("Adam", lr=-1), "Adam needs lr at least 0; got lr=-1"),
    "a rate that is no number": (ValueError, made("SGD", lr=float("nan")), "got lr=nan"),
    "a rate in quotes": (TypeError, made("Adam", lr="0.1"), "Adam needs lr, a number; got lr='0.1' (str)"),
    "no decay": (TypeError, made("SGD", weight_decay=None), "SGD needs weight_decay, a number; got"),
    "one beta": (
        TypeError,
        made("Adam", betas=0.9),
        "Adam needs betas, 2 numbers; got betas=0.9 (float)",
    ),
    "three betas": (TypeError, made("RAdam", betas=(0.9, 0.9, 0.9)), "RAdam needs betas, 2 numbers"),
    "a switch in quotes": (
        TypeError,
        made("SGD", maximize="no"),
        "SGD needs maximize, True or False; got maximize='no' (str)",
    ),
    "a negative epsilon": (ValueError, made("RMSprop", eps=-1e-8), "RMSprop needs eps at least 0"),
    "a negative decay": (ValueError, made("AdamW", weight_decay=-1), "AdamW needs weight_decay at least 0"),
    "a negative momentum": (ValueError, made("SGD", momentum=-1), "SGD needs momentum at least 0"),
    "a beta of one": (
        ValueError,
        made("NAdam", betas=(0.9, 1.0)),
        "NAdam needs betas two numbers, each at least 0 and below 1; got betas=(0.9, 1.0)",
    ),
    "a negative momentum decay": (ValueError, made("NAdam", momentum_decay=-1), "NAdam needs momentum_decay"),
    "a negative decay of the rate": (ValueError, made("Adagrad", lr_decay=-1), "Adagrad needs lr_decay"),
    "a negative start": (
        ValueError,
        made("Adagrad", initial_accumulator_value=-1),
        "Adagrad needs initial_accumulator_value at least 0",
    ),
    "a negative alpha": (ValueError, made("RMSprop", alpha=-1), "RMSprop needs alpha at least 0"),
    "a rho above one": (ValueError, made("Adadelta", rho=1.1), "Adadelta needs rho from 0 to 1; got rho=1.1"),
    "etas that both shorten": (
        ValueError,
        made("Rprop", etas=(0.5, 0.9)),
        "Rprop needs etas a factor between 0 and 1, then one above 1; got etas=(0.5, 0.9)",
    ),
    "the decay of AdamW coupled": (
        TypeError,
        made("AdamW", decoupled_weight_decay=False),
        "'decoupled_weight_decay'",
    ),
    "a name that is taken": (
        TypeError,
        taken,
        "an update rule's name is its own in the catalogue; got name='Adam', which is taken",
    ),
    "a hyperparameter that it has not": (TypeError, lambda: CATALOGUE["Adam"](beta=0.9), "'beta'"),  # type: ignore[call-arg]
    "a hyperparameter by position": (TypeError, lambda: CATALOGUE["Adam"](0.1), "positional"),  # type: ignore[call-arg]
}


@pytest.mark.usefixtures("not_enforced")
@pytest.mark.parametrize(("error", "use", "message"), MISUSE.values(), ids=MISUSE)
def test_misuse(error: type[Exception], use: Callable[[], object], message: str) -> None:
    with pytest.raises(error, match=re.escape(message)):
        use()


def test_a_mistake_is_a_subclass_that_overrides_a_method() -> None:
    adam = CATALOGUE["Adam"]

    class Uncorrected(adam):  # type: ignore[misc, valid-type]  # a class of the catalogue, known at run time
        def correction(self, beta: float, step: float) -> float:
            return 1.0

    wrong, right = Uncorrected(lr=0.1), adam(lr=0.1)
    parameter, gradient = np.array([1.0]), np.array([2.0])
    assert right.update(np, parameter, gradient, right.start(np, parameter))[0].round(6) == 0.9
    # (1 − β₁) / √(1 − β₂) = 3.162 times as far.
    assert wrong.update(np, parameter, gradient, wrong.start(np, parameter))[0].round(4) == 1 - 0.3162
    assert CATALOGUE["Adam"] is adam
