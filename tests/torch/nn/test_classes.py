"""The front door: the names of torch.nn, and modules that behave as PyTorch's in a program."""

from __future__ import annotations

import copy
import importlib
import pickle
import pkgutil
from typing import Any

import pytest
import torch
import torch.fx
from torch.utils._python_dispatch import TorchDispatchMode

from backproof.ops import CATALOGUE
from backproof.torch import nn
from backproof.torch.nn.classes import MODULES, make
from tests.torch.nn.tables import Case, cases


def test_every_op_has_a_module() -> None:
    expected = {name for name, op in CATALOGUE.items() if op.room == "torch.nn"}
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
    with pytest.raises(RuntimeError, match="must match the size"):
        loss(x, target[:, :2])


def test_an_activation_of_another_name_leaves_to_pytorch_what_the_rules_do_not_cover() -> None:
    cls: Any = make(CATALOGUE["ELU"].replace(name="Other"))
    assert repr(cls(2.0)) == "Other(alpha=2.0)"
    torch.testing.assert_close(cls(2.0)(torch.tensor([-1, 1])), torch.nn.ELU(2.0)(torch.tensor([-1.0, 1.0])))


def test_a_layer_that_torch_has_no_class_for_is_refused() -> None:
    with pytest.raises(TypeError, match="got op='Nonesuch', of the kind 'layer'"):
        make(CATALOGUE["Linear"].replace(name="Nonesuch"))


# --- In a program --------------------------------------------------------------------------------


class Twice(nn.Linear):
    """A module whose forward is its own."""

    def forward(self, input: torch.Tensor) -> torch.Tensor:
        return 2 * super().forward(input)


class Network(torch.nn.Module):
    """Modules that are called in several ways."""

    def __init__(self) -> None:
        super().__init__()
        self.convolve, self.attend = nn.Conv2d(1, 2, 2), nn.MultiheadAttention(8, 2)
        self.twice, self.step, self.loss = Twice(8, 8), nn.LSTMCell(8, 3), nn.CrossEntropyLoss()

    def forward(self, x: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
        rows = self.convolve(x).flatten(1)
        attended = self.attend(self.twice(rows), rows, value=rows)[0]
        loss: torch.Tensor = self.loss(self.step(attended)[0], target=target)
        return loss


def test_subclasses_hooks_and_copies() -> None:
    torch.default_generator.manual_seed(0)
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


@pytest.mark.parametrize("source", [nn, torch.nn], ids=["ours", "theirs"])
def test_what_a_subclass_changes_of_pytorchs_forward_holds(source: Any) -> None:
    class AnyRank(source.BatchNorm1d):  # type: ignore[misc]  # PyTorch has no annotations of a variable's classes
        def _check_input_dim(self, input: torch.Tensor) -> None:
            if input.ndim == 5:
                raise RuntimeError("five axes")

    class Doubled(source.Conv2d):  # type: ignore[misc]
        def _conv_forward(self, input: torch.Tensor, weight: torch.Tensor, bias: Any) -> torch.Tensor:
            doubled: torch.Tensor = super()._conv_forward(input, 2 * weight, bias)
            return doubled

    assert AnyRank(3)(torch.randn(2, 3, 4, 5)).shape == (2, 3, 4, 5)
    with pytest.raises(RuntimeError, match="five axes"):
        AnyRank(3)(torch.randn(2, 3, 4, 5, 6))
    layer, x = Doubled(1, 1, 2, bias=False), torch.randn(1, 1, 3, 3)
    torch.testing.assert_close(layer(x), torch.conv2d(x, 2 * layer.weight))


def test_our_classes_derive_from_ours_where_pytorchs_do() -> None:
    for cls in MODULES.values():
        theirs = cls.__bases__[0]
        assert {parent for parent in MODULES.values() if issubclass(theirs, parent.__bases__[0])} == {
            parent for parent in MODULES.values() if issubclass(cls, parent)
        }
    assert issubclass(nn.ReLU6, nn.Hardtanh)


def test_a_symbolic_trace_takes_our_modules_as_it_takes_pytorchs() -> None:
    model, given = Network(), (torch.randn(3, 1, 3, 3), torch.tensor([0, 1, 2]))
    traced = torch.fx.symbolic_trace(model)
    called = [node.target for node in traced.graph.nodes if node.op == "call_module"]
    assert called == ["convolve", "attend", "step", "loss"]
    torch.testing.assert_close(traced(*given), model(*given))


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
        torch.default_generator.manual_seed(0)
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


def test_a_leaf_of_which_nothing_is_dropped_may_be_given() -> None:
    x = torch.ones(3, requires_grad=True)
    assert nn.Dropout(inplace=True).eval()(x) is x
    assert nn.Dropout(0.0, inplace=True)(x) is x


def test_a_flattened_tensor_may_be_written_to() -> None:
    found = []
    for source in (nn, torch.nn):
        x = torch.linspace(-2, 2, 12).reshape(2, 2, 3).requires_grad_()
        flat = source.Flatten()(2 * x)
        flat.mul_(3)
        source.ReLU(inplace=True)(flat).sum().backward()
        found.append(x.grad)
    torch.testing.assert_close(*found)


#: What is kept for the rule, where PyTorch keeps something else.
KEPT = {("Tanhshrink", "input"): "PyTorch keeps the tanh, which is not accurate near zero"}


@pytest.mark.parametrize("changed", ["input", "output"])
@pytest.mark.parametrize("name", [*INPLACE, "MaxPool2d", "AvgPool2d", "Hardshrink", "Tanhshrink", "Tanh"])
def test_what_may_be_written_over_after_a_call(name: str, changed: str) -> None:
    accepted = []
    for source in (nn, torch.nn):
        x = torch.randn(2, 4, 4, requires_grad=True)
        given = 2 * x
        output = getattr(source, name)(*[2] if "Pool" in name else [])(given)
        (given if changed == "input" else output).add_(1)
        try:
            output.sum().backward()
        except RuntimeError as error:
            assert "modified by an inplace operation" in str(error)  # noqa: PT017 - of either
        accepted.append(x.grad is not None)
    assert accepted[0] == (accepted[1] and (name, changed) not in KEPT)


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
        torch.default_generator.manual_seed(0)
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
