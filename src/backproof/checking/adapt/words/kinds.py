"""What a definition is: activation, loss, layer, model or function, from its name and its structure."""

from __future__ import annotations

from collections.abc import Sequence

from backproof.checking.adapt.words.names import LOSS_WORDS, means, normalise, split, target_score, word_set
from backproof.checking.adapt.words.signatures import Parameter, code_of, stored_attributes
from backproof.checking.references import OpReference, RuleReference, guess
from backproof.checking.rules_by_name import guess_rule

__all__ = [
    "arguments_of",
    "is_loss_by_arguments",
    "is_loss_of_target",
    "is_penalty",
    "is_strength",
    "kind_of",
    "looks_like_optimizer",
    "promised_by",
]

_LOSS_ARGUMENTS = 2
_MODELS = word_set("net network model mlp cnn rnn autoencoder classifier regressor")
_LOSSES = word_set("loss criterion cost objective error")
_ACTIVATIONS = word_set(
    "activation act relu elu selu celu gelu swish silu mish softplus sigmoid softsign tanh "
    "hardtanh hardsigmoid hardswish softmax softmin sine gaussian prelu rrelu relu6 logsigmoid "
    "tanhshrink softshrink threshold maxout lrelu"
)
_LAYERS = word_set("layer linear dense conv norm affine embedding batchnorm layernorm")
#: What stands before a penalty: a number, never a target. Some names say so only if nothing else is in them.
_STRENGTHS = word_set(
    "lam lambda lambd lamda lmbda lmbd lmd reg decay penalty strength regularization "
    "regularisation regularizer coeff coefficient"
)
_PENALTIES = word_set("decay reg penalty regularization regularisation regularizer regulariser l1 l2")
_STRENGTHS_ALONE = _STRENGTHS | word_set("lambda_ alpha gamma l1 l2")
#: How words for an optimizer begin, also in French, Spanish, Portuguese, Italian, German.
_OPTIMIZERS = ("optimi", "otimiz", "ottimizz")
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


def is_loss_by_arguments(name: str, kind: str) -> bool:
    """Say whether nothing but the names of its arguments tells that something is a loss."""
    reference = guess(name)
    named = isinstance(reference, OpReference) and reference.kind == "loss"
    return kind == "loss" and not named and not set(split(name)) & _LOSSES


def _fits(kind: str, data: Sequence[Parameter]) -> bool:
    if kind == "loss":
        return len(data) >= _LOSS_ARGUMENTS
    if kind == "activation":
        return len(data) == 1 or all(means(p.name, "dim") or means(p.name, "lr") for p in data[1:])
    return bool(data)


def _looks_like_loss(data: Sequence[Parameter]) -> bool:
    scores = [target_score(p.name) for p in data]
    return len(data) == _LOSS_ARGUMENTS and max(scores) > 0 and min(scores) <= 0


def is_strength(name: str) -> bool:
    """Say whether an argument is the number that stands before a penalty, by its name.

    Examples
    --------
    >>> [is_strength(name) for name in ("reg_strength", "lambda_", "l2_lambda", "target", "weights")]
    [True, True, True, False, False]
    """
    return normalise(name) in _STRENGTHS_ALONE or bool(_STRENGTHS & set(split(name)))


def is_penalty(name: str) -> bool:
    """Say whether an argument's name tells that it is the strength of a penalty, and can be nothing else.

    Examples
    --------
    >>> [is_penalty(name) for name in ("weight_regularizer_l1", "weight_decay", "alpha", "lambda_")]
    [True, True, False, False]
    """
    return bool(_PENALTIES & set(split(name)))


def is_loss_of_target(name: str, forward: Sequence[Parameter]) -> bool:
    """Say whether a function is by its name and its arguments a loss of an input and its target."""
    asked, reference = arguments_of(forward), guess(name)
    op = reference.op if isinstance(reference, OpReference) and reference.kind == "loss" else None
    if any(means(one, "var") for one in asked) and not (op and "var" in op.arguments):
        return False  # of the parameters of a distribution
    named = op is not None or bool(LOSS_WORDS & set(split(name)) and len(asked) == _LOSS_ARGUMENTS)
    return named and kind_of(name, forward) == "loss" and not any(map(is_strength, asked))


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
    if {"params", "grads"} <= given and any(word.startswith(_OPTIMIZERS) for word in words):
        return True
    if words & {"scheduler", "schedule", "trainer", "env", "environment", "agent", "simulator"}:
        return given == {"lr", "params", "grads"}
    return "lr" in given and (guess_rule(name) is not None or len(given) > 1)
