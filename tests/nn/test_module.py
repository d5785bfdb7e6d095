"""What every module does: names, calls and their backwards, training and prediction, states."""

from __future__ import annotations

import copy
import pickle
from typing import Any

import numpy as np
import pytest
import torch

from backproof import nn
from tests.nn.models import LAYERS, Array, Made, convnet
from tests.ops.examples import generator


def linear(**options: Any) -> nn.Linear:
    return nn.Linear(3, 2, rng=0, dtype=np.float64, **options)


def batch(*shape: int) -> Array:
    return generator(str(shape)).standard_normal(shape)


class Net(nn.Module):
    """A container as people write it: no call of the base's constructor, a module used twice."""

    def __init__(self) -> None:
        self.shared = nn.Linear(3, 3, rng=0, dtype=np.float64)
        self.tanh = nn.Tanh()

    def forward(self, x: Array) -> Array:
        output: Array = self.shared(self.tanh(self.shared(x)))
        return output

    def backward(self, grad_output: Array) -> Array:
        grad_input: Array = self.shared.backward(self.tanh.backward(self.shared.backward(grad_output)))
        return grad_input


def test_a_module_used_twice_gets_both_contributions() -> None:
    net, x, step = Net(), batch(7, 3), 1e-6
    net(x)
    net.backward(np.ones((7, 3)))
    gradient = net.grads["shared.weight"]
    assert gradient is not None
    for index in np.ndindex(3, 3):
        above, below = copy.deepcopy(net).eval(), copy.deepcopy(net).eval()
        above.shared.weight[index] += step
        below.shared.weight[index] -= step
        slope = (above(x).sum() - below(x).sum()) / (2 * step)
        np.testing.assert_allclose(gradient[index], slope, rtol=1e-6)


def test_gradients_add_up_until_they_are_let_go() -> None:
    layer, x = linear(), batch(7, 3)
    for times in (1, 2, 3):
        layer(x)
        layer.backward(np.ones((7, 2)))
        gradient = layer.grads["bias"]
        assert gradient is not None
        assert gradient.tolist() == pytest.approx([7.0 * times] * 2)
    layer.zero_grad()
    assert layer.grads == {"weight": None, "bias": None}
    layer(x)
    layer.backward(np.ones((7, 2)))
    layer.zero_grad(set_to_none=False)
    np.testing.assert_array_equal(layer.grads["weight"], np.zeros((2, 3)))


def test_a_gradient_that_somebody_holds_is_not_written_to() -> None:
    layer, x = linear(), batch(7, 3)
    layer(x)
    layer.backward(np.ones((7, 2)))
    held = layer.grads["weight"]
    assert held is not None
    row, before = held[0], held.copy()
    del held
    layer.zero_grad()
    layer(2 * x)
    layer.backward(np.ones((7, 2)))
    np.testing.assert_array_equal(row, before[0])


def test_the_memory_of_a_gradient_is_used_again() -> None:
    layer, x = linear(), batch(7, 3)
    places = set()
    for _ in range(3):
        layer(x)
        layer.backward(np.ones((7, 2)))
        places.add(layer.grads["weight"].__array_interface__["data"][0])  # type: ignore[union-attr]  # it is there
        layer.zero_grad()
    assert len(places) == 1


def test_accumulate_spares_the_input_alone() -> None:
    whole, spared, x = convnet(), convnet(), batch(5, 1, 8, 8)
    whole(x)
    whole.backward(np.ones((5, 4)))
    spared(x)
    assert spared.accumulate(np.ones((5, 4))) is None  # type: ignore[func-returns-value]  # that is the claim
    for name, gradient in whole.grads.items():
        np.testing.assert_array_equal(gradient, spared.grads[name])


def test_the_names_of_course_notebooks() -> None:
    layer, x, g = linear(), batch(7, 3), batch(7, 2)
    layer(x)
    grad_input = layer.backward(g)
    first = layer.grads["weight"]
    assert first is not None
    first = first.copy()
    layer(x)
    grad_weight, other = layer.grad(g)
    np.testing.assert_array_equal(other, grad_input)
    np.testing.assert_array_equal(grad_weight, first)
    np.testing.assert_array_equal(layer.grads["weight"], 2 * first)
    relu = nn.ReLU()
    relu(np.array([-1.0, 2.0]))
    assert relu.grad(np.array([5.0, 7.0])).tolist() == [0.0, 7.0]
    loss = nn.MSELoss()
    loss([0, 1, 2], [1, 3, 3])
    np.testing.assert_allclose(loss.grad(), [-2 / 3, -4 / 3, -2 / 3])


def test_a_backward_answers_one_forward() -> None:
    layer = linear()
    with pytest.raises(RuntimeError, match=r"Linear\(.*\) has no call to go back through"):
        layer.backward(np.ones((7, 2)))
    layer(batch(7, 3))
    layer.backward(np.ones((7, 2)))
    with pytest.raises(RuntimeError, match="call the module first"):
        layer.backward(np.ones((7, 2)))


def test_predictions_do_not_pile_up() -> None:
    layer = linear().eval()
    for _ in range(5):
        layer(batch(7, 3))
    layer.backward(np.ones((7, 2)))
    with pytest.raises(RuntimeError, match="no call"):
        layer.backward(np.ones((7, 2)))


def test_parameters_are_read_and_written_as_arrays() -> None:
    layer = linear()
    array = layer.weight
    layer.weight[0, 0] = 5
    layer.weight -= 1
    layer.weight = layer.weight * 2
    layer.weight = [[1, 2, 3], [4, 5, 6]]
    assert layer.weight is array
    assert array.tolist() == [[1, 2, 3], [4, 5, 6]]
    layer(np.ones((1, 3)))
    layer.bias = None
    assert layer(np.ones((1, 3))).tolist() == [[6, 15]]
    for wrong, said in ((np.ones(3), r"has the shape \(2, 3\)"), (np.ones((2, 3), complex), "complex128")):
        with pytest.raises(ValueError, match=said):
            layer.weight = wrong
    with pytest.raises(TypeError, match="has no bias; expected a Parameter"):
        layer.bias = np.ones(2)
    with pytest.raises(AttributeError, match="'Linear' object has no attribute 'wieght'"):
        _ = layer.wieght
    model = nn.Sequential(layer)
    with pytest.raises(TypeError, match="is a module; expected a module, got int"):
        setattr(model, "0", 3)


def test_an_option_may_be_changed() -> None:
    leaky = nn.LeakyReLU(0.5)
    assert leaky(np.array([-1.0])).tolist() == [-0.5]
    leaky.negative_slope = 0.25
    assert leaky(np.array([-1.0])).tolist() == [-0.25]


def test_a_shared_parameter_is_given_once() -> None:
    first, second = linear(), linear()
    second.weight = first._parameters["weight"]
    model = nn.Sequential(first, second, first)
    assert [name for name, _ in model.named_parameters()] == ["0.weight", "0.bias", "1.bias"]
    assert len(list(model.modules())) == 3
    first.weight[...] = 7
    assert (second.weight == 7).all()


def test_training_and_prediction_reach_every_module() -> None:
    model = convnet()
    assert model.eval() is model
    assert not any(module.training for module in model.modules())
    assert all(module.training for module in model.train().modules())


@pytest.mark.parametrize("change", [copy.deepcopy, lambda model: pickle.loads(pickle.dumps(model))])  # noqa: S301 - our own
def test_copies_are_whole_and_apart(change: Any) -> None:
    model, x = convnet().eval(), batch(5, 1, 8, 8)
    expected = model(x)
    other = change(model)
    np.testing.assert_array_equal(other(x), expected)
    other.update_parameters(0.1)  # without gradients nothing moves
    for parameter in other.parameters():
        parameter.data += 1
    np.testing.assert_array_equal(model(x), expected)
    with pytest.raises(RuntimeError, match="no call"):
        change(model).backward(expected)


def test_a_state_moves_from_model_to_model() -> None:
    one, other, x = convnet(), convnet(), batch(5, 1, 8, 8)
    one(x)  # moves the running statistics
    state = one.state_dict()
    assert other.load_state_dict(state) == ([], [])
    np.testing.assert_array_equal(one.eval()(x), other.eval()(x))
    state["head.bias"][0] += 1
    assert one.head.bias[0] != state["head.bias"][0]


def test_a_state_that_does_not_fit_loads_nothing() -> None:
    layer = linear()
    before = layer.state_dict()
    state = {"weight": np.zeros((2, 3)), "bias": np.zeros(3), "shift": np.zeros(2)}
    with pytest.raises(
        ValueError, match=r"(?s)nothing was loaded.*unexpected: shift.*bias has the shape \(2,\)"
    ):
        layer.load_state_dict(state)
    with pytest.raises(ValueError, match="missing: bias"):
        layer.load_state_dict({"weight": np.zeros((2, 3))})
    for name, array in layer.state_dict().items():
        np.testing.assert_array_equal(array, before[name])
    found = layer.load_state_dict({"weight": np.zeros((2, 3)), "shift": np.zeros(2)}, strict=False)
    assert found == (["bias"], ["shift"])
    assert not layer.weight.any()


def test_what_a_module_of_your_own_lacks_is_said() -> None:
    class Half(nn.Module):
        def forward(self, x: Array) -> Array:
            return x

    with pytest.raises(NotImplementedError, match="Half has no backward: write"):
        Half().backward(1)
    with pytest.raises(NotImplementedError, match="Module has no forward: write"):
        nn.Module()(1)


def test_the_summary_is_a_table() -> None:
    assert convnet().summary((5, 1, 8, 8)).splitlines() == [
        "module                   output        parameters",
        "features.0: Conv2d       (5, 2, 6, 6)          20",
        "features.1: BatchNorm2d  (5, 2, 6, 6)           4",
        "features.2: ReLU         (5, 2, 6, 6)           0",
        "features.3: MaxPool2d    (5, 2, 3, 3)           0",
        "flat: Flatten            (5, 18)                0",
        "head: Linear             (5, 4)                76",
        "total                                         100",
    ]
    assert convnet().summary().splitlines()[-1].split() == ["total", "100"]


def test_the_summary_of_indices_of_several_inputs_and_of_own_parameters() -> None:
    model = nn.Sequential(nn.Embedding(5, 3), nn.Flatten(), nn.Linear(6, 2))
    assert model.summary((7, 2)).splitlines()[1].split() == ["0:", "Embedding", "(7,", "2,", "3)", "15"]
    query, key = (5, 2, 6), (3, 2, 6)
    assert nn.MultiheadAttention(6, 2).summary(query, key, key).splitlines()[1:] == [
        "MultiheadAttention  [(5, 2, 6), (2, 5, 3)]         168",
        "total                                              168",
    ]
    assert "[(7, 2), (7, 2)]" in nn.LSTMCell(3, 2).summary((7, 3))
    net = Net()
    net.scale = nn.Parameter(np.ones(3))
    assert [line.split()[-1] for line in net.summary().splitlines()[1:]] == ["3", "12", "0", "15"]


def test_what_is_frozen_stays_even_with_a_gradient() -> None:
    layer, x = linear(), batch(7, 3)
    layer(x)
    layer.backward(np.ones((7, 2)))
    before = layer.state_dict()
    layer.requires_grad_(False).update_parameters(0.1)
    for name, array in layer.state_dict().items():
        np.testing.assert_array_equal(array, before[name])
    assert layer.grads == {"weight": None, "bias": None}  # they are spent, not kept for later


def test_casts() -> None:
    model, x = convnet(), batch(5, 1, 8, 8)
    parameters = list(model.parameters())
    model(x)
    model.backward(np.ones((5, 4)))
    for name, dtype in (("double", "f8"), ("float", "f4"), ("half", "f2")):
        assert getattr(model, name)() is model
        assert {array.dtype for array in model.state_dict().values()} == {np.dtype(dtype), np.dtype(int)}
        assert {gradient.dtype for gradient in model.grads.values() if gradient is not None} == {
            np.dtype(dtype)
        }
    assert list(model.parameters()) == parameters
    layer = linear().eval()
    layer(x[:, 0, :, :3])
    layer.float()
    assert layer(np.ones((2, 3), np.float32)).dtype == np.float32
    layer.backward(np.ones((2, 2)))
    layer.update_parameters(0.1)
    assert layer.weight.dtype == np.float32


def test_names_and_paths_as_in_torch() -> None:
    model: Any = convnet()
    twin = model.to_torch()
    for recurse in (True, False):
        for what in ("named_parameters", "named_buffers"):
            ours, theirs = (getattr(each, what)("net", recurse=recurse) for each in (model, twin))
            assert [name for name, _ in ours] == [name for name, _ in theirs]
        assert len(list(model.parameters(recurse))) == len(list(twin.parameters(recurse)))
    assert list(model.state_dict(prefix="net.")) == list(twin.state_dict(prefix="net."))
    assert model.get_parameter("features.0.weight") is model.features[0]._parameters["weight"]
    assert model.get_buffer("features.1.running_mean") is model.features[1].running_mean
    with pytest.raises(AttributeError, match=r"the parameters weight, bias; got target='head.wieght'"):
        model.get_parameter("head.wieght")


def test_a_buffer_that_the_state_is_without() -> None:
    layer = linear()
    layer.register_buffer("seen", np.zeros(3), persistent=False)
    assert [name for name, _ in layer.named_buffers()] == ["seen"]
    assert list(copy.deepcopy(layer).state_dict()) == ["weight", "bias"]
    layer.register_buffer("seen", np.zeros(3))
    assert list(layer.state_dict()) == ["weight", "bias", "seen"]


def test_an_array_that_a_loss_may_have_is_none_or_given_later() -> None:
    loss, logits, target = nn.CrossEntropyLoss(), batch(2, 3), np.array([0, 1])
    assert loss.weight is None
    loss(logits, target)
    loss.weight = np.array([1.0, 0.0, 1.0])
    assert list(loss.state_dict()) == ["weight"]
    assert loss(logits, target) == nn.CrossEntropyLoss(loss.weight)(logits, target)


def test_a_layer_of_rows_that_there_are() -> None:
    rows = batch(5, 3)
    layer = nn.Embedding.from_pretrained(rows, padding_idx=1)
    np.testing.assert_array_equal(layer([1, 4]), rows[[1, 4]])
    layer.backward(np.ones((2, 3)))
    assert layer.grads == {"weight": None}
    free = nn.Embedding.from_pretrained(rows, freeze=False)
    free([1, 4])
    free.backward(np.ones((2, 3)))
    assert free.grads["weight"] is not None
    with pytest.raises(ValueError, match=r"rows .*; got embeddings of shape=\(3,\)"):
        nn.Embedding.from_pretrained(rows[0])


def test_no_sample_moves_no_statistics() -> None:
    layer = nn.BatchNorm1d(3)
    twin: Any = layer.to_torch()
    layer(np.zeros((0, 3), np.float32))
    twin(torch.zeros(0, 3))
    assert layer.backward(np.zeros((0, 3))).shape == (0, 3)
    for name, array in layer.state_dict().items():
        np.testing.assert_array_equal(array, twin.state_dict()[name].numpy())


def test_the_same_seed_gives_the_same_numbers() -> None:
    one, other = (nn.Sequential(nn.Linear(3, 2, rng=5), nn.Dropout(rng=7)) for _ in range(2))
    x = batch(7, 3)
    np.testing.assert_array_equal(one(x), other(x))
    assert not np.array_equal(one[0].weight, nn.Linear(3, 2, rng=6).weight)


def test_dropout_in_training_and_prediction() -> None:
    layer, x = nn.Dropout(0.25, rng=0), np.ones(10_000)
    output = layer(x)
    assert set(np.unique(output)) == {0.0, 1 / 0.75}
    assert abs((output == 0).mean() - 0.25) < 0.02
    np.testing.assert_array_equal(layer.backward(x), output)
    np.testing.assert_array_equal(layer.eval()(x), x)
    np.testing.assert_array_equal(layer.backward(2 * x), 2 * x)
    assert not nn.Dropout(1.0)(x).any()


#: What NumPy raises, or, in the tests, the enforced shapes.
REFUSED = (ValueError, TypeError)
BAD: dict[str, tuple[Any, Any, str]] = {
    "wrong size": (
        lambda: linear()(batch(7, 5)),
        REFUSED,
        r"Linear\(in_features=3.*got input of float64 \(7, 5\)",
    ),
    "a number": (lambda: linear()(1.0), REFUSED, r"input of float64 \(\)"),
    "text": (lambda: linear()("text"), TypeError, "expects real numbers; got input of dtype=<U4"),
    "complex": (lambda: nn.ReLU()(np.ones(3, complex)), TypeError, "complex128"),
    "wrong upstream": (
        lambda: (m := nn.ReLU(), m(batch(7, 3)), m.backward(batch(3)))[2],
        ValueError,
        r"output of shape \(7, 3\).*shape=\(3,\)",
    ),
    "no such class": (lambda: nn.CrossEntropyLoss()(batch(2, 3), [0, 3]), IndexError, "from 0 to 2.*got 3"),
    "negative class": (lambda: nn.CrossEntropyLoss()(batch(2, 3), [0, -1]), IndexError, "got -1"),
    "no such row": (lambda: nn.Embedding(3, 2)([3]), IndexError, "got 3"),
    "loss of other shapes": (
        lambda: nn.MSELoss()(batch(7, 3), batch(7, 2)),
        REFUSED,
        r"target of float64 \(7, 2\)",
    ),
    "no such reduction": (lambda: nn.MSELoss(reduction="avg"), ValueError, "reduction='avg'"),
    "upstream of a loss": (
        lambda: (m := nn.MSELoss(), m([1.0], [2.0]), m.backward(batch(3)))[2],
        ValueError,
        r"the loss has the shape \(\)",
    ),
    "groups": (lambda: nn.Conv2d(3, 4, 2, groups=2), ValueError, "groups=2, in_channels=3"),
    "heads": (lambda: nn.MultiheadAttention(5, 2), ValueError, "num_heads=2, embed_dim=5"),
    "probability": (lambda: nn.Dropout(1.5), ValueError, "Dropout expects p to be a prob.* p=1.5"),
    "padding": (lambda: nn.Embedding(3, 2, padding_idx=3), ValueError, "padding_idx=3"),
    "channels": (
        lambda: nn.BatchNorm1d(3)(batch(7, 2)),
        ValueError,
        r"of size 3; got input of shape=\(7, 2\)",
    ),
    "one value": (lambda: nn.BatchNorm1d(3)(batch(1, 3)), ValueError, "more than one value per channel"),
    "no module": (lambda: nn.Sequential(np.tanh), TypeError, "expected a module, got ufunc"),  # type: ignore[arg-type]  # that is what is wrong
    "no such place": (lambda: nn.Sequential(nn.ReLU())[1], IndexError, "holds 1 modules; got index=1"),
    "parameter of text": (lambda: nn.Parameter(["a"]), TypeError, "real numbers"),
    "no index": (
        lambda: nn.Embedding(3, 2)([0.5]),
        TypeError,
        "whole numbers, indices; got input of dtype=fl",
    ),
    "no class": (lambda: nn.NLLLoss()(batch(2, 3), [0.0, 1.0]), TypeError, "indices; got target of dtype=fl"),
    "a row": (lambda: nn.Embedding(3, 2)([5]), IndexError, "a row is an index from 0 to 2; got 5"),
    "an axis": (lambda: nn.GLU(5)(batch(2, 4)), IndexError, "2 axes has dim from -2 to 1; got dim=5"),
    "another axis": (lambda: nn.Softmax(2)(batch(2, 4)), IndexError, "dim from -2 to 1; got dim=2"),
    "no image": (
        lambda: nn.MaxPool2d(2)(batch(8, 8)),
        ValueError,
        r"an image is .*; got input of shape=\(8, 8\)",
    ),
    "slopes": (
        lambda: nn.PReLU(3)(batch(3)),
        ValueError,
        r"each of the 1 channels; got weight of shape=\(3,\)",
    ),
    "no probability": (lambda: nn.BCELoss()([1.5], [1.0]), ValueError, "input is between 0 and 1; got 1.5"),
    "probability that is none": (lambda: nn.BCELoss()([0.5], [np.nan]), ValueError, "target .* got nan"),
    "another target": (lambda: nn.BCELoss()([0.5], 1.0), ValueError, "a target of the input's shape"),
    "divisor": (
        lambda: nn.AvgPool2d(2, divisor_override=0)(batch(1, 8, 8)),
        ValueError,
        "divisor_override=0",
    ),
    "masks": (
        lambda: nn.MultiheadAttention(4, 2)(*[batch(5, 2, 4)] * 3, attn_mask=batch(5, 7)),
        ValueError,
        r"^MultiheadAttention got query of float64 \(2, 5, 4\)[^_]*: expected attn_mask of shape \(5, 5\) or",
    ),
    "upstream of attention": (
        lambda: (m := nn.MultiheadAttention(4, 2), m(*[batch(5, 2, 4)] * 3), m.backward(batch(3)))[2],
        ValueError,
        r"^MultiheadAttention gave an output",
    ),
    "no call of attention": (
        lambda: nn.MultiheadAttention(4, 2).backward(batch(3)),
        RuntimeError,
        r"^MultiheadAttention has no call",
    ),
    "no argument": (lambda: getattr(nn, "Tanh")(3), TypeError, r"Tanh\(3\): too many positional"),  # noqa: B009 - past the types
}


@pytest.mark.parametrize(("call", "kind", "said"), BAD.values(), ids=BAD)
def test_what_is_wrong_is_said(call: Any, kind: Any, said: str) -> None:
    with pytest.raises(kind, match=said):
        call()


@pytest.mark.parametrize("made", [made for made in LAYERS if len(made.inputs) == 1], ids=str)
def test_inputs_of_every_layout_are_taken(made: Made) -> None:
    (x,) = made.draw(np.float64)
    layer = made.make(dtype=np.float64).eval()
    expected = layer(x)
    expected = expected[0] if isinstance(expected, tuple) else expected
    strided = np.repeat(x, 2, axis=-1)[..., ::2]
    frozen = x.copy()
    frozen.setflags(write=False)
    for other in (strided, np.asfortranarray(x), frozen, x.tolist() if x.size else x):
        output = layer(other)
        np.testing.assert_allclose(output[0] if isinstance(output, tuple) else output, expected, rtol=1e-12)


def test_a_loss_of_two_shapes_warns() -> None:
    with pytest.warns(UserWarning, match=r"input of shape \(7, 1\) and target of shape \(7,\)"):
        nn.MSELoss()(np.zeros((7, 1)), np.zeros(7))


def test_dtypes() -> None:
    layer = nn.Linear(3, 2, rng=0)
    assert layer(batch(7, 3)).dtype == np.float64  # as NumPy promotes: nothing of the input is lost
    layer.backward(np.ones((7, 2)))
    assert {parameter.grad.dtype for parameter in layer.parameters() if parameter.grad is not None} == {
        np.dtype("f4")
    }
    assert layer(np.ones((7, 3), int)).dtype == np.float32
    assert nn.Tanh()([1, 2]).dtype == np.float64
    loss = nn.MSELoss()
    assert loss(np.ones(3, np.float32), np.zeros(3)).dtype == np.float32
    assert loss.backward().dtype == np.float32
    assert np.isnan(layer(np.full((7, 3), np.nan, np.float32))).all()


@pytest.mark.parametrize("module", [nn.Tanh(), nn.Linear(5, 5, rng=0), nn.MSELoss(reduction="none")], ids=str)
def test_a_refused_backward_leaves_the_call(module: nn.Module) -> None:
    x = np.ones((3, 5))
    module(*(x, x) if isinstance(module, nn.MSELoss) else (x,))
    with pytest.raises(ValueError, match="upstream gradient of that shape"):
        module.backward(np.ones((3, 4)))
    assert module.backward(np.ones((3, 5))).shape == (3, 5)
    with pytest.raises(RuntimeError, match="no call to go back through"):
        module.backward(np.ones((3, 5)))


def test_a_refused_grad_leaves_the_gradient() -> None:
    layer = nn.Linear(5, 2, rng=0)
    layer(np.ones((3, 5)))
    layer.backward(np.ones((3, 2)))
    before = np.array(layer.grads["weight"])
    with pytest.raises(RuntimeError, match="no call to go back through"):
        layer.grad(np.ones((3, 2)))
    np.testing.assert_array_equal(layer.grads["weight"], before)
