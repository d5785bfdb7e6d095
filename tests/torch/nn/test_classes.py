"""The front door: the names of torch.nn, and modules that behave as PyTorch's in a program."""

from __future__ import annotations

import copy
import importlib
import pickle
import pkgutil
from typing import Any

import pytest
import torch
from torch.utils._python_dispatch import TorchDispatchMode

from backproof.ops import CATALOGUE
from backproof.torch import nn
from backproof.torch.nn.classes import MODULES, make
from tests.torch.nn.tables import Case, cases


def test_every_op_has_a_module() -> None:
    expected = {name for name, op in CATALOGUE.items() if op.kind != "elementary"}
    assert MODULES.keys() == expected
    for name, cls in MODULES.items():
        assert getattr(nn, name) is cls
        assert issubclass(cls, getattr(torch.nn, name))
        assert pickle.loads(pickle.dumps(cls)) is cls  # noqa: S301 - our own
        assert (cls.__doc__ or "").startswith((CATALOGUE[name].__doc__ or "").partition("\n")[0])


def test_every_other_name_is_pytorchs() -> None:
    for name in dir(torch.nn):
        if name not in MODULES and not name.startswith("_"):
            assert getattr(nn, name) is getattr(torch.nn, name)
    assert {name for name in dir(torch.nn) if not name.startswith("_")} <= set(nn.__all__)
    assert dir(nn) == list(nn.__all__)
    with pytest.raises(AttributeError, match="has the name 'Lineal'"):
        nn.Lineal  # noqa: B018
    starred: dict[str, Any] = {}
    exec("from backproof.torch.nn import *", starred)  # noqa: S102 - what a star brings
    assert starred["Tanh"] is MODULES["Tanh"]
    assert starred["Sequential"] is torch.nn.Sequential


def test_our_files_hide_no_name_of_torch_nn() -> None:
    files = [module.name for module in pkgutil.iter_modules(nn.__path__)]
    assert "classes" in files
    for name in files:
        importlib.import_module(f"backproof.torch.nn.{name}")
        assert not hasattr(torch.nn, name)


# --- What torch.nn has no class for --------------------------------------------------------------

#: A row for each activation and loss that needs no arguments; PReLU has a parameter, as a layer.
PLAIN = {
    case.name: case
    for case in cases()
    if CATALOGUE[case.name].kind in ("activation", "loss") and case.training and case.name != "PReLU"
    if not (made := case.row(torch.float64).constructor_input).args and not made.kwargs
}


@pytest.mark.filterwarnings("ignore:reduction. 'mean' divides:UserWarning")
@pytest.mark.parametrize("case", PLAIN.values(), ids=PLAIN)
def test_an_op_of_another_name_computes_the_same(case: Case) -> None:
    op, row = CATALOGUE[case.name], case.row(torch.float64)
    results = []
    for cls in (make(op.replace(name=f"Other{case.name}")), case.classes[1]):
        output, inputs = case.call(cls(), row)
        leaves = [leaf for leaf in inputs if leaf.requires_grad]
        results.append((output, torch.autograd.grad(output.sum(), leaves, allow_unused=True)))
    torch.testing.assert_close(*results)


def test_a_loss_of_another_name_keeps_its_weight_and_says_what_it_is() -> None:
    cls: Any = make(CATALOGUE["BCEWithLogitsLoss"].replace(name="OtherLoss"))
    weight, x, target = torch.rand(3), torch.randn(2, 3), torch.rand(2, 3)
    loss = cls(weight, reduction="sum")
    expected = torch.nn.BCEWithLogitsLoss(weight, reduction="sum")(x, target)
    torch.testing.assert_close(loss(input=x, target=target), expected)
    assert list(loss.state_dict()) == ["weight"]
    assert repr(loss) == "OtherLoss()"
    with pytest.raises(TypeError, match="unexpected keyword argument 'redction'"):
        cls(redction="sum")
    for wrong in ((x,), (x, target, target)):
        with pytest.raises(TypeError, match="argument"):
            loss(*wrong)
    with pytest.raises(RuntimeError, match="broadcast"):
        loss(x, target[:, :2])


def test_an_activation_of_another_name_leaves_to_pytorch_what_the_rules_do_not_cover() -> None:
    cls: Any = make(CATALOGUE["ELU"].replace(name="Other"))
    assert repr(cls(2.0)) == "Other(alpha=2.0)"
    torch.testing.assert_close(cls(2.0)(torch.tensor([-1, 1])), torch.nn.ELU(2.0)(torch.tensor([-1.0, 1.0])))


def test_a_layer_that_torch_has_no_class_for_is_refused() -> None:
    with pytest.raises(TypeError, match="got op='Nonesuch', of the kind 'layer'"):
        make(CATALOGUE["Linear"].replace(name="Nonesuch"))


# --- In a program --------------------------------------------------------------------------------


def test_subclasses_hooks_and_copies() -> None:
    class Twice(nn.Linear):
        def forward(self, input: torch.Tensor) -> torch.Tensor:
            return 2 * super().forward(input)

    torch.manual_seed(0)
    model = nn.Sequential(Twice(5, 3), nn.Tanh())
    seen: list[Any] = []

    def backward(module: torch.nn.Module, given: Any, upstream: Any) -> None:
        seen.append(upstream[0].shape)

    model[1].register_forward_hook(lambda module, inputs, output: seen.append(output.shape))
    model[1].register_full_backward_hook(backward)
    x = torch.randn(7, 5)
    model(x).sum().backward()
    assert seen == [(7, 3), (7, 3)]
    torch.testing.assert_close(copy.deepcopy(model)(x), model(x))
    state = {name: torch.zeros_like(value) for name, value in model.state_dict().items()}
    assert not torch.func.functional_call(model, state, x).any()


def test_parametrized_weights() -> None:
    layer = torch.nn.utils.parametrizations.weight_norm(nn.Linear(5, 3))
    layer(torch.randn(7, 5)).sum().backward()
    assert all(parameter.grad is not None for parameter in layer.parameters())


# --- In place ------------------------------------------------------------------------------------

INPLACE = (
    "ReLU",
    "ReLU6",
    "LeakyReLU",
    "ELU",
    "SELU",
    "CELU",
    "SiLU",
    "Mish",
    "Hardtanh",
    "Hardswish",
    "Dropout",
)


@pytest.mark.parametrize("name", INPLACE)
def test_inplace_is_the_input_itself(name: str) -> None:
    x = torch.linspace(-4, 4, 9, dtype=torch.float64, requires_grad=True)
    upstream = torch.randn(9, dtype=torch.float64)
    results = []
    for cls in (getattr(nn, name), getattr(torch.nn, name)):
        torch.manual_seed(0)
        given = 2 * x
        output = cls(inplace=True)(given)
        assert output is given
        assert given._version == 1
        results.append((output, *torch.autograd.grad(output, x, upstream)))
    torch.testing.assert_close(*results)


class Cloned(TorchDispatchMode):  # type: ignore[no-untyped-call]  # PyTorch's
    """Count the copies that are made."""

    count = 0

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        self.count += func is torch.ops.aten.clone.default
        return func(*args, **(kwargs or {}))


@pytest.mark.parametrize("name", INPLACE)
def test_inplace_copies_only_what_a_rule_looks_at(name: str) -> None:
    x = torch.linspace(-4, 4, 9, requires_grad=True)
    for grad in (True, False):
        with torch.set_grad_enabled(grad), Cloned() as cloned:  # type: ignore[no-untyped-call]  # PyTorch's
            getattr(nn, name)(inplace=True)(2 * x)
        assert cloned.count == (grad and "input" in CATALOGUE[name].kept)


def test_a_leaf_is_not_written_over() -> None:
    with pytest.raises(RuntimeError, match="a leaf Variable that requires grad"):
        nn.ReLU(inplace=True)(torch.ones(3, requires_grad=True))


def test_what_is_written_over_is_seen_to_be() -> None:
    x = torch.linspace(-2, 2, 5, requires_grad=True)
    output = nn.Tanh()(x)
    output.add_(1)  # the rule of tanh looks at it
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        output.sum().backward()


# --- What stays PyTorch's ------------------------------------------------------------------------


def test_integers_complex_and_sparse_numbers_stay_pytorchs() -> None:
    assert nn.ReLU()(torch.tensor([-1, 2])).tolist() == [0, 2]
    z = torch.tensor([1 + 1j], requires_grad=True)
    nn.Tanh()(z).abs().sum().backward()
    w = torch.tensor([1 + 1j], requires_grad=True)
    torch.nn.Tanh()(w).abs().sum().backward()
    torch.testing.assert_close(z.grad, w.grad)
    assert nn.ReLU()(torch.eye(3).to_sparse()).is_sparse


@pytest.mark.parametrize(
    "options",
    [{"max_norm": 0.5}, {"scale_grad_by_freq": True}, {"sparse": True}],
    ids=lambda o: next(iter(o)),
)
def test_options_of_embedding_that_stay_pytorchs(options: dict[str, Any]) -> None:
    results = []
    for cls in (nn.Embedding, torch.nn.Embedding):
        torch.manual_seed(0)
        layer = cls(5, 3, **options)
        output = layer(torch.tensor([1, 1, 4]))
        output.sum().backward()
        assert layer.weight.grad is not None
        results.append((output, layer.weight.grad.to_dense(), layer.weight))
    torch.testing.assert_close(*results)


def test_pooling_with_indices_stays_pytorchs() -> None:
    x = torch.randn(2, 3, 6, 6)
    torch.testing.assert_close(
        nn.MaxPool2d(2, return_indices=True)(x), torch.nn.MaxPool2d(2, return_indices=True)(x)
    )


@pytest.mark.parametrize("name", ["Softmax", "LogSoftmax", "Softmin"])
def test_an_axis_that_is_guessed(name: str) -> None:
    x = torch.randn(2, 3, 5)
    with pytest.warns(UserWarning, match="Implicit dimension choice"):
        got = getattr(nn, name)()(x)
    with pytest.warns(UserWarning, match="Implicit dimension choice"):
        expected = getattr(torch.nn, name)()(x)
    torch.testing.assert_close(got, expected)
