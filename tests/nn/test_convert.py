"""Models go to PyTorch and come back, exactly."""

from __future__ import annotations

import copy
import functools
import inspect
import re
import types
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from torch.nn.utils import prune

from backproof import nn
from backproof.nn.generated import ACTIVATIONS, LOSSES
from backproof.torch import nn as ours
from tests.nn.models import LAYERS, PLAIN, Made, convnet

#: The modules that are made from the catalogue.
GENERATED = [
    Made(name, functools.partial(getattr(nn, name), *((0.5, 2.0) if name == "Threshold" else ())), ())
    for name in sorted({*ACTIVATIONS, *LOSSES})
]


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


@pytest.mark.parametrize("made", GENERATED, ids=str)
def test_options_go_along(made: Made) -> None:
    module: Any = made.make()
    twin: Any = module.to_torch()
    assert type(twin) is getattr(torch.nn, made.what)
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


def test_what_is_frozen_stays_frozen() -> None:
    model = nn.Sequential(nn.Linear(3, 2), nn.Linear(2, 2))
    dict(model.named_parameters())["0.bias"].requires_grad = False
    twin: Any = model.to_torch()
    expected = [True, False, True, True]
    assert [parameter.requires_grad for parameter in twin.parameters()] == expected
    assert [parameter.requires_grad for parameter in nn.from_torch(twin).parameters()] == expected


@pytest.mark.filterwarnings("ignore:.*dim:UserWarning")
@pytest.mark.parametrize("name", ["Softmax", "LogSoftmax", "Softmin"])
def test_an_axis_that_pytorch_guesses_is_the_same(name: str) -> None:
    twin = getattr(torch.nn, name)()
    for shape in ((3,), (2, 3), (2, 3, 5), (2, 3, 5, 2)):
        x = torch.randn(shape)
        np.testing.assert_allclose(nn.from_torch(twin)(x.numpy()), twin(x), rtol=1e-5)


def test_a_copy_is_apart() -> None:
    layer = nn.Linear(3, 2)
    twin: Any = layer.to_torch()
    layer.weight[...] = 7
    assert not (twin.weight == 7).any()


# --- What is refused, and what is no reason to ---------------------------------------------------


class Own(nn.Module):
    """A class of one's own, with nothing in it."""


class Negated(torch.nn.Linear):
    def forward(self, input: torch.Tensor) -> torch.Tensor:
        output: torch.Tensor = super().forward(input)
        return -output


class Helped(torch.nn.Conv1d):
    def _conv_forward(self, input: torch.Tensor, weight: torch.Tensor, bias: Any) -> torch.Tensor:
        output: torch.Tensor = super()._conv_forward(input, weight, bias)
        return -output


class GELU(torch.nn.Module):
    """PyTorch's name, and another function."""

    def forward(self, input: torch.Tensor) -> torch.Tensor:
        return input * torch.sigmoid(1.702 * input)


class Tanh(nn.Tanh):
    def forward(self, *inputs: Any) -> Any:
        return 2 * super().forward(*inputs)


def hooked(register: str, module: torch.nn.Module | None = None) -> torch.nn.Module:
    module = module or torch.nn.Linear(3, 2)
    getattr(module, register)(lambda *_: None)
    return module


def hooked_weight() -> torch.nn.Module:
    layer = torch.nn.Linear(3, 2)
    layer.weight.register_hook(torch.neg)  # type: ignore[no-untyped-call]  # PyTorch's
    return layer


def pruned() -> torch.nn.Module:
    layer = torch.nn.Linear(3, 2)
    prune.random_unstructured(layer, "weight", 0.5)  # type: ignore[no-untyped-call]  # PyTorch's
    return layer


def replaced_weight() -> torch.nn.Module:
    layer = torch.nn.Linear(3, 2)
    weight = layer.weight.detach()
    del layer.weight
    layer.weight = weight
    return layer


def replaced_forward() -> torch.nn.Module:
    layer = torch.nn.Linear(3, 2)
    layer.forward = torch.sin  # type: ignore[method-assign]  # as people do
    return layer


def with_a_part() -> torch.nn.Module:
    layer = torch.nn.Linear(3, 2)
    layer.adapter = torch.nn.Linear(3, 2)
    return layer


t = torch.nn
#: What is refused, and what the line says.
REFUSED: dict[str, tuple[Callable[[], torch.nn.Module], str]] = {
    "padding_mode": (lambda: t.Conv2d(1, 2, 3, padding=1, padding_mode="reflect"), "padding_mode='reflect'"),
    "circular": (lambda: t.Conv1d(1, 2, 3, padding=1, padding_mode="circular"), "padding_mode='circular'"),
    "return_indices": (lambda: t.MaxPool2d(2, return_indices=True), "return_indices=True"),
    "max_norm": (lambda: t.Embedding(5, 3, max_norm=1.0), "max_norm=1.0"),
    "norm_type": (lambda: t.Embedding(5, 3, norm_type=1.0), "norm_type=1.0"),
    "scale_grad_by_freq": (lambda: t.Embedding(5, 3, scale_grad_by_freq=True), "scale_grad_by_freq=True"),
    "sparse": (lambda: t.Embedding(5, 3, sparse=True), "sparse=True"),
    **{
        register: (lambda register=register: hooked(register), "it has hooks")  # type: ignore[misc]
        for register in (
            "register_forward_hook",
            "register_forward_pre_hook",
            "register_full_backward_hook",
            "register_full_backward_pre_hook",
        )
    },
    "hook of the container": (
        lambda: t.Sequential(hooked("register_forward_hook", t.Sequential(t.ReLU()))),
        "type Sequential at '0': it has hooks",
    ),
    "hook of the weight": (hooked_weight, "its weight has hooks"),
    "spectral norm": (lambda: t.utils.parametrizations.spectral_norm(t.Linear(3, 2)), "parametrizations"),
    "pruned": (pruned, "it has hooks"),
    "weight that is none": (replaced_weight, "its weight is none of its parameters"),
    "forward of the instance": (replaced_forward, "computes something of its own"),
    "forward of the class": (lambda: t.Sequential(Negated(3, 2)), "type Negated at '0': it computes"),
    "part of a forward": (lambda: Helped(1, 2, 3), "type Helped: it computes something of its own"),
    "name of PyTorch's": (lambda: t.Sequential(t.ReLU(), GELU()), "type GELU at '1': it computes something"),
    "a part of a layer": (with_a_part, "type Linear at 'adapter'"),
    "no such module": (lambda: t.GRU(3, 2), "backproof.nn has no GRU"),
    "bare module": (t.Module, "it computes something of its own"),
}


@pytest.mark.parametrize(("make", "said"), REFUSED.values(), ids=REFUSED)
def test_what_would_compute_something_else_is_refused(make: Any, said: str) -> None:
    with pytest.raises(TypeError, match=re.escape(said)):
        nn.from_torch(make())


def other(value: Any) -> Any:
    """Give another value of the same kind."""
    if isinstance(value, bool):
        return not value
    if isinstance(value, tuple):
        return tuple(map(other, value))
    return value + 1 if isinstance(value, int | float) else "other"


@pytest.mark.parametrize("made", [*LAYERS, *PLAIN, *GENERATED], ids=str)
def test_every_argument_of_pytorchs_goes_along_or_is_refused(made: Made) -> None:
    module = made.make().to_torch()
    names = inspect.signature(type(module)).parameters.keys() & vars(module).keys()
    for name in sorted(names - {"bias"}):  # a bias is one that is there
        changed = copy.deepcopy(module)
        setattr(changed, name, value := other(getattr(module, name)))
        try:
            twin = nn.from_torch(changed)
        except TypeError:
            continue
        assert getattr(twin, name) == value, name


class Named(torch.nn.Linear):
    """Another constructor and another repr, and PyTorch's forward."""

    def __init__(self) -> None:
        super().__init__(3, 2, bias=False)

    def extra_repr(self) -> str:
        return "named"

    def rows(self) -> int:
        return len(self.weight)


@pytest.mark.parametrize(
    "make",
    [
        Named,
        lambda: t.ReLU(inplace=True),
        lambda: t.Conv2d(1, 2, 3, padding_mode="zeros"),
        lambda: ours.Linear(3, 2),
        lambda: ours.Softmax(1),
        lambda: t.BCEWithLogitsLoss(torch.ones(3), pos_weight=torch.ones(3)),
    ],
    ids=["derived", "inplace", "default", "ours", "ours with an option", "buffers"],
)
def test_what_computes_the_same_is_taken(make: Callable[[], torch.nn.Module]) -> None:
    module = make()
    made = nn.from_torch(module)
    base = next(kind for kind in type(module).__mro__ if kind.__module__.startswith("torch.nn"))
    assert type(made) is getattr(nn, base.__name__)
    assert list(made.state_dict()) == list(module.state_dict())


class Counted(nn.Linear):
    """Another method, and our forward."""

    def rows(self) -> int:
        return len(self.weight)


def test_a_further_method_is_no_reason() -> None:
    assert type(Counted(3, 2).to_torch()) is torch.nn.Linear
    assert type(nn.from_torch(Counted(3, 2).to_torch())) is nn.Linear


def test_a_buffer_that_the_state_is_without_stays_so() -> None:
    twin: Any = torch.nn.Linear(3, 2)
    twin.register_buffer("seen", torch.zeros(3), persistent=False)
    made: Any = nn.from_torch(twin)
    assert made.seen.tolist() == made.to_torch().seen.tolist() == [0.0, 0.0, 0.0]
    assert list(made.state_dict()) == list(made.to_torch().state_dict()) == ["weight", "bias"]


def test_a_dtype_that_the_other_has_not() -> None:
    with pytest.raises(TypeError, match=r"Linear at '0': NumPy has no torch.bfloat16 as its weight is; say"):
        nn.from_torch(t.Sequential(t.Linear(3, 2, dtype=torch.bfloat16)))
    if np.dtype(np.longdouble) != np.dtype(np.float64):
        with pytest.raises(TypeError, match="Linear: PyTorch has no float128 as its weight is; say"):
            nn.Linear(3, 2, dtype=np.longdouble).to_torch()


def test_a_name_that_is_taken_there() -> None:
    with pytest.raises(
        TypeError, match=r"type ModuleDict: .*something else of that name; got name='summary'"
    ):
        nn.from_torch(t.ModuleDict({"summary": t.ReLU()}))


def test_a_class_of_your_own_is_refused() -> None:
    with pytest.raises(TypeError, match="got one of type Own at '0'"):
        nn.Sequential(Own()).to_torch()
    with pytest.raises(TypeError, match="got one of type Tanh: it computes something of its own"):
        Tanh().to_torch()
    with pytest.raises(TypeError, match=r"types has no Linear"):
        nn.Linear(3, 2).to_torch(types)


def test_what_is_no_module_is_refused() -> None:
    with pytest.raises(TypeError, match=r"from_torch takes a torch\.nn\.Module; got object"):
        nn.from_torch(object())  # type: ignore[arg-type]  # the mistake
