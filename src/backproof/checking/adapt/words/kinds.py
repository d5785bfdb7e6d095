"""What a definition is: activation, loss, layer, model or function, from its name and its structure."""

from __future__ import annotations

from collections.abc import Sequence

from backproof.checking.adapt.words.names import means, split, target_score, word_set
from backproof.checking.adapt.words.signatures import Parameter, code_of, stored_attributes
from backproof.checking.references import OpReference, RuleReference, guess
from backproof.checking.rules_by_name import guess_rule

__all__ = ["arguments_of", "kind_of", "looks_like_optimizer", "promised_by"]

_LOSS_ARGUMENTS = 2
_MODELS = word_set("net network model mlp cnn rnn autoencoder classifier regressor")
_LOSSES = word_set("loss criterion cost objective error")
_ACTIVATIONS = word_set(
    "activation act relu elu selu celu gelu swish silu mish softplus sigmoid softsign tanh "
    "hardtanh hardsigmoid hardswish softmax softmin sine gaussian prelu rrelu relu6 logsigmoid "
    "tanhshrink softshrink threshold maxout lrelu"
)
_LAYERS = word_set("layer linear dense conv norm affine embedding batchnorm layernorm")
_PROMISES = ("reduction", "average", "reduce", "size_average")


def arguments_of(found: Sequence[Parameter]) -> tuple[str, ...]:
    """Give the names of a forward's own arguments: those that a caller has to give."""
    return tuple(p.name for p in found if p.required)


def promised_by(*found: Sequence[Parameter]) -> tuple[str, ...]:
    """Give the names of the arguments by which a reduction is chosen."""
    every = [p for part in found for p in part]
    return tuple(p.name for p in every if any(means(p.name, promise) for promise in _PROMISES))


def kind_of(
    name: str, forward: Sequence[Parameter], *, constructor: object = None, has_children: bool = False
) -> str:
    """Work out the kind: the one that the name tells where the structure fits, else from the structure."""
    data = [p for p in forward if p.required]
    takes_any = any(p.variadic for p in forward)
    reference = guess(name)
    if isinstance(reference, OpReference) and (takes_any or _fits(reference.kind, data)):
        return "function" if reference.kind == "elementary" else reference.kind
    words = set(split(name))
    if words & _LOSSES or _looks_like_loss(data):
        return "loss"
    if has_children or words & _MODELS:
        return "model"
    if words & _LAYERS or _has_parameters(constructor) or _takes_parameters(forward):
        return "layer"
    return "activation" if words & _ACTIVATIONS and len(data) == 1 else "function"


def _fits(kind: str, data: Sequence[Parameter]) -> bool:
    if kind == "loss":
        return len(data) >= _LOSS_ARGUMENTS
    if kind == "activation":
        return len(data) == 1 or all(means(p.name, "dim") or means(p.name, "lr") for p in data[1:])
    return bool(data)


def _looks_like_loss(data: Sequence[Parameter]) -> bool:
    scores = [target_score(p.name) for p in data]
    return len(data) == _LOSS_ARGUMENTS and max(scores) > 0 and min(scores) <= 0


def _has_parameters(constructor: object) -> bool:
    code = code_of(constructor)
    if code is None:
        return False
    made = {"Parameter", "register_parameter"} & set(code.co_names)
    held = any(means(name, role) for name in stored_attributes(constructor) for role in ("weight", "bias"))
    return bool(made) or held


def _takes_parameters(forward: Sequence[Parameter]) -> bool:
    return len(forward) > 1 and any(means(p.name, "weight") for p in forward[1:])


def looks_like_optimizer(name: str, constructor: Sequence[Parameter], step: Sequence[Parameter]) -> bool:
    """Say whether a class with ``step`` or ``update`` is an optimizer: by name, or by what it takes."""
    if constructor and constructor[0].name.lower() in ("optimizer", "optim", "opt"):
        return False  # a schedule of learning rates
    words = set(split(name))
    if words & {"optimizer", "optimiser", "optim"} or isinstance(guess(name), RuleReference):
        return True
    takes = [*constructor, *step]
    given = {role for role in ("lr", "params", "grads") if any(means(p.name, role) for p in takes)}
    if words & {"scheduler", "schedule", "trainer", "env", "environment", "agent", "simulator"}:
        return given == {"lr", "params", "grads"}
    return "lr" in given and (guess_rule(name) is not None or len(given) > 1)
