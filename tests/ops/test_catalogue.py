"""Registered = exported = documented: what holds for every op by being in the catalogue."""

from __future__ import annotations

import doctest
import importlib
import inspect
import pkgutil
import re
from types import ModuleType

import pytest

import backproof.ops
from backproof.ops import CATALOGUE, Op
from backproof.ops.domain import Argument

FAMILIES = ("activations", "elementary", "layers", "losses")
OPS = pytest.mark.parametrize("op", CATALOGUE.values(), ids=CATALOGUE)


def modules() -> list[ModuleType]:
    """Give the modules in which ops are defined."""
    names = [
        f"backproof.ops.{family}.{found.name}"
        for family in FAMILIES
        for found in pkgutil.iter_modules(importlib.import_module(f"backproof.ops.{family}").__path__)
    ]
    return [importlib.import_module(name) for name in names]


def home(op: Op) -> ModuleType:
    return next(module for module in modules() if module.__name__ == op.forward.__module__)


def test_exported_is_registered() -> None:
    # Beside its op a family may offer a function that both front doors need.
    every = [getattr(module, name) for module in modules() for name in module.__all__]
    exported = [thing for thing in every if isinstance(thing, Op)]
    assert sorted(op.name for op in exported) == sorted(CATALOGUE)
    assert all(CATALOGUE[op.name] is op for op in exported)


def test_every_folder_of_ops_is_a_family() -> None:
    folders = [found.name for found in pkgutil.iter_modules(backproof.ops.__path__) if found.ispkg]
    assert sorted(folders) == sorted(FAMILIES)


@OPS
def test_docstring_has_its_parts(op: Op) -> None:
    text = inspect.cleandoc(op.__doc__ or "")
    first = text.splitlines()[0]
    assert first.endswith(".")
    assert re.search(r"\bderivative\b|∂|\bd.*/dx", text), "no derivation"
    assert re.search(r"^Shapes: ", text, re.MULTILINE)
    assert re.search(r"^Source: ", text, re.MULTILINE)
    for option in inspect.signature(op.forward).parameters.values():
        if option.kind is inspect.Parameter.KEYWORD_ONLY:
            assert f"``{option.name}``" in text
    if op.kinks:
        assert "subgradient" in text
        assert "PyTorch's choice" in text


@OPS
def test_docstrings_example_runs(op: Op) -> None:
    # doctest looks into classes and functions by itself, not into instances.
    module = home(op)
    example = doctest.DocTestParser().get_doctest(
        op.__doc__ or "", dict(vars(module)), op.name, module.__file__, None
    )
    results = doctest.DocTestRunner().run(example)
    assert results.attempted
    assert not results.failed


@OPS
def test_every_rule_is_for_an_argument(op: Op) -> None:
    assert op.rules.keys() <= op.arguments.keys()
    for name in op.arguments.keys() - op.rules.keys():
        assert op.arguments[name].domain in ("class", "mask", "sign") or op.arguments[name].optional


@OPS
def test_an_alias_names_options_that_the_op_has(op: Op) -> None:
    for alias, options in op.aliases.items():
        assert alias == alias.lower()
        assert options.keys() <= op.options.keys()


def test_an_alias_belongs_to_one_op() -> None:
    aliases = [alias for op in CATALOGUE.values() for alias in op.aliases]
    assert len(aliases) == len(set(aliases))


@OPS
def test_a_kink_is_a_number_an_argument_or_an_option(op: Op) -> None:
    assert op.kinks.keys() <= op.arguments.keys()
    for kinks in op.kinks.values():
        for kink in kinks:
            assert isinstance(kink, float) or kink.removeprefix("-") in {**op.arguments, **op.options}


def test_shape_of_an_argument() -> None:
    assert Argument("real", "N D").shape({"D": 5, "N": 7}) == (7, 5)
    assert Argument("real", "").shape({"N": 7}) == ()
