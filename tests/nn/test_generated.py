"""The modules without parameters are made from the catalogue, all of them, with their types."""

from __future__ import annotations

import inspect

import pytest

from backproof import nn
from backproof.nn.generated import ACTIVATIONS, LOSSES
from backproof.ops import CATALOGUE
from tests.nn.stub import PATH, stub


def test_every_op_with_a_module_of_its_name_in_torch_is_a_module() -> None:
    expected = {name for name, op in CATALOGUE.items() if op.room == "torch.nn"}
    assert expected <= set(nn.__all__)
    assert all(getattr(nn, name).op is CATALOGUE[name] for name in expected)


def test_the_names_are_all_there() -> None:
    assert len(nn.__all__) == len(set(nn.__all__))
    assert all(hasattr(nn, name) for name in nn.__all__)


@pytest.mark.parametrize("name", sorted({*ACTIVATIONS, *LOSSES}))
def test_a_module_says_what_its_op_says(name: str) -> None:
    kind = getattr(nn, name)
    assert kind.__name__ == name
    assert "Source:" in kind.__doc__
    assert ">>>" not in kind.__doc__
    assert {*kind.held, *kind.op.options} <= {*inspect.signature(kind).parameters}


def test_the_types_are_current() -> None:
    assert PATH.read_text("utf-8") == stub(), "write them anew: python -m tests.nn.stub"
