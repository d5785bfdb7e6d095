"""Containers: order, names, places."""

from __future__ import annotations

from collections import OrderedDict
from typing import Any

import numpy as np
import pytest
import torch

from backproof import nn


def test_sequential_is_a_list() -> None:
    model = nn.Sequential(nn.ReLU(), nn.Tanh(), nn.Sigmoid())
    assert len(model) == 3
    assert [type(module) for module in model] == [nn.ReLU, nn.Tanh, nn.Sigmoid]
    assert model[-1] is model[2]
    assert list(model[1:]) == [model[1], model[2]]
    model[0] = nn.SiLU()
    assert list(dict(model.named_children())) == ["0", "1", "2"]
    model.append(nn.Softplus()).extend([nn.Mish()])
    del model[1]
    assert list(dict(model.named_children())) == ["0", "1", "2", "3"]
    assert [type(module) for module in model] == [nn.SiLU, nn.Sigmoid, nn.Softplus, nn.Mish]


def test_insert_is_that_of_a_list() -> None:
    model, modules = nn.Sequential(nn.ReLU(), nn.Tanh()), nn.ModuleList([nn.ReLU(), nn.Tanh()])
    for container in (model, modules):
        for index in (0, -1, 9):
            assert container.insert(index, nn.Sigmoid()) is container
        assert [type(module).__name__ for module in container] == [
            "Sigmoid", "ReLU", "Sigmoid", "Tanh", "Sigmoid",
        ]  # fmt: skip
        assert list(dict(container.named_children())) == list("01234")
    with pytest.raises(TypeError, match="expected a module, got int"):
        model.insert(0, 3)  # type: ignore[arg-type]  # that is what is wrong
    assert len(model) == 5


def test_what_is_popped_is_given() -> None:
    model, named = nn.Sequential(nn.ReLU(), nn.Tanh()), nn.ModuleDict({"a": nn.ReLU()})
    assert isinstance(model.pop(0), nn.ReLU)
    assert list(dict(model.named_children())) == ["0"]
    assert isinstance(named.pop("a"), nn.ReLU)
    assert len(named) == 0


@pytest.mark.parametrize("library", [nn, torch.nn], ids=["ours", "theirs"])
@pytest.mark.parametrize("name", ["training", "_parameters", "forward", "a.b", ""])
def test_names_that_are_taken_are_refused_as_in_torch(name: str, library: Any) -> None:
    module, relu, values = library.Module(), library.ReLU(), np.zeros(3) if library is nn else torch.zeros(3)
    with pytest.raises(KeyError):
        library.Sequential(OrderedDict({name: relu}))
    with pytest.raises(KeyError):
        library.ModuleDict({name: relu})
    with pytest.raises(KeyError):
        module.add_module(name, relu)
    with pytest.raises(KeyError):
        module.register_buffer(name, values)
    with pytest.raises(KeyError):
        module.register_parameter(name, library.Parameter(values))


def test_named_children_keep_their_names() -> None:
    model = nn.Sequential(OrderedDict(first=nn.Linear(3, 2), then=nn.ReLU()))
    assert model.first is model[0]
    assert list(model.state_dict()) == ["first.weight", "first.bias"]
    assert list(dict(model[1:].named_children())) == ["then"]


def test_an_empty_container_passes_everything() -> None:
    model = nn.Sequential()
    assert model(3) == model.backward(3) == 3
    assert model.accumulate(3) is None  # type: ignore[func-returns-value]  # that is the claim


def test_nested_containers_go_backward() -> None:
    inner = nn.Sequential(nn.Linear(3, 3, rng=0, dtype=np.float64), nn.Tanh())
    nested: Any = nn.Sequential(inner, nn.Sequential(nn.Sequential(nn.Linear(3, 2, rng=1, dtype=np.float64))))
    flat = nn.Sequential(inner[0], inner[1], nested[1][0][0])
    x = np.linspace(-1, 1, 12).reshape(4, 3)
    np.testing.assert_array_equal(nested(x), flat(x))
    np.testing.assert_array_equal(nested.backward(np.ones((4, 2))), flat.backward(np.ones((4, 2))))


def test_lists_and_dicts_of_modules() -> None:
    modules = nn.ModuleList(nn.Linear(3, 3) for _ in range(3))
    assert len(list(modules.parameters())) == 6
    assert isinstance(modules[:2], nn.ModuleList)
    assert len(modules[:2]) == 2
    named = nn.ModuleDict({"a": nn.ReLU()})
    named["b"] = nn.Tanh()
    assert (list(named), len(named), "a" in named) == (["a", "b"], 2, True)
    assert list(named.items()) == list(zip(named.keys(), named.values(), strict=True))
    del named["a"]
    assert list(named) == ["b"]
    with pytest.raises(TypeError, match="ModuleDict holds modules"):
        named["c"] = 3  # type: ignore[assignment]  # that is what is wrong
