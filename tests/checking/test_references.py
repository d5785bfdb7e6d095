"""What a candidate is meant to be: guessed from its name, or said outright."""

from __future__ import annotations

import re

import pytest

from backproof import ops, updates
from backproof.checking.references import UnknownReference, guess, parse, words

#: What people call their components, and what they mean.
NAMES = {
    "ReLU": "torch.nn.ReLU()",
    "MyReLU": "torch.nn.ReLU()",
    "relu_function": "torch.nn.ReLU()",
    "ReLULayer": "torch.nn.ReLU()",
    "ReLUActivation": "torch.nn.ReLU()",
    "LeakyReLU": "torch.nn.LeakyReLU()",
    "leaky_relu": "torch.nn.LeakyReLU()",
    "Sigmoid": "torch.nn.Sigmoid()",
    "stable_sigmoid": "torch.nn.Sigmoid()",
    "NumpySigmoid": "torch.nn.Sigmoid()",
    "logistic": "torch.nn.Sigmoid()",
    "tanh2": "torch.nn.Tanh()",
    "TanhFunction": "torch.nn.Tanh()",
    "ReLU6": "torch.nn.ReLU6()",
    "relu62": "torch.nn.ReLU6()",
    "tanh_shrink": "torch.nn.Tanhshrink()",
    "hard_sigmoid": "torch.nn.Hardsigmoid()",
    "Swish": "torch.nn.SiLU()",
    "NewGELU": "torch.nn.GELU(approximate='tanh')",
    "log": "torch.log()",
    "my_log": "torch.log()",
    "log1p": "torch.log1p()",
    "MulLayer": "torch.multiply()",
    "SoftMax": "torch.nn.Softmax()",
    "Softmax": "torch.nn.Softmax()",
    "log_softmax": "torch.nn.LogSoftmax()",
    "L1Loss": "torch.nn.L1Loss()",
    "l1": "torch.nn.L1Loss()",
    "MAE": "torch.nn.L1Loss()",
    "L2Loss": "torch.nn.MSELoss()",
    "MSE": "torch.nn.MSELoss()",
    "MSECost": "torch.nn.MSELoss()",
    "MeanSquaredErrorLoss": "torch.nn.MSELoss()",
    "SSE": "torch.nn.MSELoss(reduction='sum')",
    "BCELoss": "torch.nn.BCELoss()",
    "MyBCE": "torch.nn.BCELoss()",
    "LogLoss": "torch.nn.BCELoss()",
    "binary_cross_entropy": "torch.nn.BCELoss()",
    "BinaryCrossEntropyLoss": "torch.nn.BCELoss()",
    "BCEWithLogitsLoss": "torch.nn.BCEWithLogitsLoss()",
    "binary_cross_entropy_with_logits": "torch.nn.BCEWithLogitsLoss()",
    "CELoss": "torch.nn.CrossEntropyLoss()",
    "CrossEntropy": "torch.nn.CrossEntropyLoss()",
    "SoftmaxCrossEntropyLoss": "torch.nn.CrossEntropyLoss()",
    "Linear": "torch.nn.Linear()",
    "LinearLayer": "torch.nn.Linear()",
    "Dense": "torch.nn.Linear()",
    "FullyConnectedLayer": "torch.nn.Linear()",
    "SGD": "torch.optim.SGD()",
    "GradientDescentOptimizer": "torch.optim.SGD()",
    "VanillaOptimizer": "torch.optim.SGD()",
    "VanillaGD": "torch.optim.SGD()",
    "MomentumOptimizer": "torch.optim.SGD(momentum=0.9)",
    "SGDMomentum": "torch.optim.SGD(momentum=0.9)",
    "NesterovOptimizer": "torch.optim.SGD(momentum=0.9, nesterov=True)",
    "AdamOptimizer": "torch.optim.Adam()",
    "my_adam": "torch.optim.Adam()",
    "Adam2": "torch.optim.Adam()",
    "AdamW": "torch.optim.AdamW()",
    "RMSProp": "torch.optim.RMSprop()",
    "RMSpropOptimizer": "torch.optim.RMSprop()",
    "AdaGrad": "torch.optim.Adagrad()",
}
#: Names that mean something else, or nothing: no reference is better than a wrong one.
NOT_TOLD = [
    "Net", "Model", "Loss", "Optimizer", "Activation", "forward", "", "_", "123",
    "log2",              # another base, not a second logarithm
    "my_log10",
    "exp2",
    "atan2",
    "SigmoidLoss",       # no loss of that name is known
    "LogisticLoss",
    "SoftmaxLoss",
    "LinearActivation",  # the identity, more likely
    "MSEOptimizer",
]  # fmt: skip


@pytest.mark.parametrize(("name", "reference"), NAMES.items())
def test_guess(name: str, reference: str) -> None:
    assert str(guess(name)) == reference


@pytest.mark.parametrize("name", NOT_TOLD)
def test_a_name_that_does_not_tell(name: str) -> None:
    assert guess(name) is None


@pytest.mark.parametrize("name", [*ops.CATALOGUE, *updates.CATALOGUE])
def test_every_component_is_found_by_its_name(name: str) -> None:
    for written in (name, f"My{name}" if name[0].isupper() else f"my_{name}", f"{name}3"):
        found = guess(written)
        assert found is not None
        # ``tanh`` is the activation too: the same function has two names.
        known = "nn.Tanh" if name == "tanh" else rf"((nn|nn\.functional|optim)\.)?{name}"
        assert re.fullmatch(rf"torch\.{known}\(\)", str(found))
    assert str(parse(name)) == str(guess(name))


ALIASES = [
    (alias, component) for catalogue in (ops.CATALOGUE, updates.CATALOGUE)
    for component in catalogue.values() for alias in component.aliases
]  # fmt: skip


def _name(component: object) -> str:
    return component.name if isinstance(component, ops.Op) else getattr(component, "__name__", "")


@pytest.mark.parametrize(("alias", "component"), ALIASES, ids=[alias for alias, _ in ALIASES])
def test_every_alias_leads_to_its_component(alias: str, component: object) -> None:
    for written in (alias, alias.replace(" ", "_"), alias.title().replace(" ", "")):
        found = guess(written)
        assert found is not None
        assert _name(getattr(found, "op", None) or getattr(found, "rule", None)) == _name(component)
        assert found.options == component.aliases[alias]  # type: ignore[attr-defined]  # an op's or a rule's
        parsed = parse(alias)
        assert parsed is not None
        assert str(parsed) == str(found)


@pytest.mark.parametrize(
    ("name", "expected"),
    {
        "MyTanh": ["tanh"],
        "binary_cross_entropy": ["binary", "cross", "entropy"],
        "BCEWithLogitsLoss": ["bce", "with", "logits"],
        "L2Loss": ["l2"],
        "NumpyLinear3": ["linear3"],
        "Loss": [],
    }.items(),
)
def test_words(name: str, expected: list[str]) -> None:
    assert words(name) == expected


WRITTEN = {
    "mse": "torch.nn.MSELoss()",
    " torch.nn.MSELoss ": "torch.nn.MSELoss()",
    "nn.Softmax(dim=0)": "torch.nn.Softmax(dim=0)",
    "F.leaky_relu(negative_slope=0.2)": "torch.nn.LeakyReLU(negative_slope=0.2)",
    "cross entropy": "torch.nn.CrossEntropyLoss()",
    "fully-connected": "torch.nn.Linear()",
    "torch.nn.functional.binary_cross_entropy": "torch.nn.BCELoss()",
    "sse": "torch.nn.MSELoss(reduction='sum')",
    "sse(reduction='mean')": "torch.nn.MSELoss(reduction='mean')",
    "kl(reduction='batchmean')": "torch.nn.KLDivLoss(reduction='batchmean')",
    "Adam(lr=0.01, betas=(0.8, 0.9))": "torch.optim.Adam(lr=0.01, betas=(0.8, 0.9))",
    "momentum(lr=0.1)": "torch.optim.SGD(momentum=0.9, lr=0.1)",
}


@pytest.mark.parametrize(("text", "reference"), WRITTEN.items())
def test_parse(text: str, reference: str) -> None:
    assert str(parse(text)) == reference


@pytest.mark.parametrize("text", ["none", "None", " NONE ", "self", "own"])
def test_parse_none(text: str) -> None:
    assert parse(text) is None


#: What is wrong, and what the message must say.
WRONG = {
    "tanhh": "expected the name of a reference, got 'tanhh'; did you mean Tanh?",
    "qqq": "expected the name of a reference, got 'qqq'; known are ASGD, Adadelta, Adagrad, Adam,",
    "log2": "expected the name of a reference, got 'log2'",
    "": "expected a reference such as torch.nn.MSELoss(reduction='sum'), got ''",
    "mse + 1": "expected a reference such as torch.nn.MSELoss(reduction='sum'), got 'mse + 1'",
    "mse(": "expected a reference such as",
    "mse('sum')": "expected the options of mse by their names",
    "mse(reduction=total)": "expected a reference such as",
    "mse(**options)": "expected a reference such as",
    "mse(size_average=True)": "mse has the options reduction; got size_average=True",
    "tanh(dim=0)": "tanh has the options none; got dim=0",
    "mse(reduction='avg')": "mse takes reduction='mean' or 'sum' or 'none'; got reduction='avg'",
    "Adam(beta1=0.9)": "Adam has the options lr, betas, eps, weight_decay, amsgrad, maximize, "
    "decoupled_weight_decay; got beta1=0.9",
    "SGD(nesterov=True)": "SGD: nesterov needs a momentum above 0, e.g. momentum=0.9; got momentum=0.0",
}


@pytest.mark.parametrize(("text", "message"), WRONG.items())
def test_parse_what_is_no_reference(text: str, message: str) -> None:
    with pytest.raises(UnknownReference, match=re.escape(message)):
        parse(text)


@pytest.mark.parametrize(
    ("text", "kind"), {"tanh": "activation", "mse": "loss", "fc": "layer", "adam": "optimizer"}.items()
)
def test_kind(text: str, kind: str) -> None:
    found = parse(text)
    assert found is not None
    assert found.kind == kind
