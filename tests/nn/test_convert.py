"""Models go to PyTorch and come back, exactly."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from backproof import nn
from backproof.nn.generated import ACTIVATIONS, LOSSES
from tests.nn.models import LAYERS, PLAIN, Made, convnet


@pytest.mark.parametrize("made", [*LAYERS, *PLAIN], ids=str)
def test_there_and_back(made: Made) -> None:
    module = made.make().eval()
    back = nn.from_torch(module.to_torch())
    assert (type(back), repr(back), back.training) == (type(module), repr(module), False)
    state = back.state_dict()
    assert list(state) == list(module.state_dict())
    for name, array in module.state_dict().items():
        assert state[name].dtype == array.dtype
        np.testing.assert_array_equal(state[name], array)


@pytest.mark.parametrize("name", sorted({*ACTIVATIONS, *LOSSES}))
def test_options_go_along(name: str) -> None:
    module = getattr(nn, name)()
    twin: Any = module.to_torch()
    assert type(twin) is getattr(torch.nn, name)
    for option in module.op.options:
        assert getattr(twin, option) == getattr(nn.from_torch(twin), option) == getattr(module, option)


def test_options_and_arrays_of_a_loss() -> None:
    loss = nn.CrossEntropyLoss(np.array([1.0, 2.0]), ignore_index=1, label_smoothing=0.25, reduction="sum")
    back: Any = nn.from_torch(loss.to_torch())
    assert (back.ignore_index, back.label_smoothing, back.reduction) == (1, 0.25, "sum")
    np.testing.assert_array_equal(back.weight, [1.0, 2.0])


def test_what_is_shared_stays_shared() -> None:
    layer = nn.Linear(3, 3, rng=0)
    model = nn.Sequential(layer, nn.ReLU(), layer)
    twin: Any = model.to_torch()
    assert twin[0] is twin[2]
    back: Any = nn.from_torch(twin)
    assert back[0] is back[2]
    tied = nn.Sequential(nn.Linear(3, 3), nn.Linear(3, 3))
    tied[1].weight = tied[0]._parameters["weight"]
    twin = tied.to_torch()
    assert twin[0].weight is twin[1].weight
    assert len(list(nn.from_torch(twin).parameters())) == 3


def test_containers_and_names() -> None:
    model = nn.ModuleDict({"a": nn.ModuleList([nn.ReLU(), nn.Tanh()]), "b": convnet()})
    assert repr(nn.from_torch(model.to_torch())) == repr(model)
    assert list(model.to_torch().state_dict()) == list(model.state_dict())


def test_a_copy_is_apart() -> None:
    layer = nn.Linear(3, 2)
    twin: Any = layer.to_torch()
    layer.weight[...] = 7
    assert not (twin.weight == 7).any()


def test_a_class_of_your_own_is_refused() -> None:
    class Own(nn.Module):
        pass

    class Other(torch.nn.Linear):
        def forward(self, input: torch.Tensor) -> torch.Tensor:
            return 2 * input

    with pytest.raises(TypeError, match="got one of type Own"):
        nn.Sequential(Own()).to_torch()
    with pytest.raises(TypeError, match="got one of type Other"):
        nn.from_torch(Other(3, 2))
    with pytest.raises(TypeError, match="got one of type GRU"):
        nn.from_torch(torch.nn.GRU(3, 2))
