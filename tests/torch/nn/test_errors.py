"""What PyTorch's modules refuse, ours refuse with the same kind of exception; what they take, ours take."""

from __future__ import annotations

import inspect
import itertools
import re
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
import torch

from backproof.ops import CATALOGUE
from backproof.torch import nn
from backproof.torch.nn.classes import MODULES
from tests.torch.nn.tables import Case, cases, flat, fresh

#: The first rows of each class; of losses, whose weights are in later ones, more.
CASES = [case for case in cases() if case.training and case.index < (6 if case.name.endswith("Loss") else 3)]

_TRUTH = "a truth value counts as 0 or 1, as in PyTorch's MSELoss"
_DEVICE = "PyTorch mixes the device that has no numbers with others"
_NO_BACKWARD = "PyTorch computes the loss, and has no backward for it; here its dtype and gradient are right"
_EXACT = "PyTorch's exponential overflows"
_INFINITE = "times 0 it is NaN, which PyTorch's choice of a branch does not see"

#: Where what comes of a change is not what comes of it in PyTorch, and why.
UNLIKE = {
    **dict.fromkeys(
        ((f"BatchNorm{axes}d", "0 on another device") for axes in (1, 2)), "statistics could be moved"
    ),
    **{("Bilinear", f"{place} on another device"): _DEVICE for place in (0, 1)},
    **{(f"Conv{axes}d", "0 on another device"): _DEVICE for axes in (1, 2)},
    **{(name, "0 on another device"): _DEVICE for name in ("Embedding", "PReLU")},
    ("L1Loss", "1 true or false"): _TRUTH,
    ("SoftMarginLoss", "1 true or false"): _TRUTH,
    ("PoissonNLLLoss", "1 true or false"): _TRUTH,
    **{("MarginRankingLoss", f"{place} true or false"): _TRUTH for place in (1, 2)},
    **{("TripletMarginLoss", f"{place} true or false"): _TRUTH for place in (1, 2)},
    **{("GaussianNLLLoss", f"{place} true or false"): _TRUTH for place in (1, 2)},
    ("GaussianNLLLoss", "2 whole"): "a whole number becomes a real one",
    **{("SoftMarginLoss", f"{place} far above"): _EXACT for place in (0, 1)},
    **{("HuberLoss", f"1 {way}"): _NO_BACKWARD for way in ("whole", "true or false", "in float32")},
    ("HuberLoss", "0 in float32"): _NO_BACKWARD,
    **{(name, f"alpha={value}"): _INFINITE for name in ("ELU", "CELU") for value in ("nan", "inf")},
    ("SmoothL1Loss", "beta=nan"): "PyTorch refuses NaN as if it were below 0; here the loss is NaN",
    ("MultiMarginLoss", "margin=nan"): "PyTorch's comparison passes over a NaN",
    (
        "MultiheadAttention",
        "dropout=nan",
    ): "PyTorch refuses NaN in a dropout of values, and takes it in one of weights",
    ("GaussianNLLLoss", "eps=None"): "nothing for a number: a RuntimeError in PyTorch, a TypeError here",
}


def changed(arguments: tuple[Any, ...]) -> Iterator[tuple[str, tuple[Any, ...]]]:
    """Give arguments of which one is wrong, in every way that is likely."""
    for place, given in enumerate(arguments):
        if isinstance(given, torch.Tensor):
            for way, wrong in wrongs(given).items():
                yield f"{place} {way}", (*arguments[:place], wrong, *arguments[place + 1 :])
    yield "one too few", arguments[:-1]
    yield "one too many", (*arguments, arguments[0])


def wrongs(given: torch.Tensor) -> dict[str, Any]:
    """Give what may stand wrongly in the place of a tensor."""
    return {
        "longer": torch.cat([given, given], -1) if given.ndim else given.expand(2),
        "of a larger batch": torch.cat([given, given]) if given.ndim else given.expand(3),
        "with an axis before": given[None],
        "with an axis behind": given[..., None],
        "with three axes before": given[None, None, None],
        "with an axis less": given[0] if given.ndim and len(given) else given,
        "without axes": given.flatten()[0] if given.numel() else given,
        "empty": given[:0] if given.ndim else given,
        "whole": given.long(),
        "true or false": given > 0,
        "in float32": given.float(),
        "a list": given.tolist(),
        "nothing": None,
        "on another device": given.to("meta"),
        "below zero": -given.abs() - 2,
        "far above": given + 1000,
    }


#: What options may be wrongly, or doubtfully.
OPTIONS = (-1, 0, 1, 3, 2.0, -0.5, 0.0, float("nan"), float("inf"), None, "a", [2], (1, 1))


def outcome(
    case: Case,
    cls: type[torch.nn.Module],
    arguments: tuple[Any, ...],
    held: Mapping[str, Any] | None = None,
    options: Mapping[str, Any] | None = None,
) -> type[Exception] | list[torch.Tensor]:
    """Give what is raised, or the outputs and the gradients for all that has one."""
    try:
        module = made(case, cls, options or {})
        for name, tensor in (held or {}).items():
            setattr(module, name, tensor.clone())
        given = fresh(arguments)
        torch.default_generator.manual_seed(1)
        outputs = flat(module(*given))
        leaves = [leaf for leaf in (*flat(given), *module.parameters()) if leaf.requires_grad]
        sums = [output.sum() for output in outputs if output.requires_grad]
        gradients = (
            torch.autograd.grad(sums, leaves, materialize_grads=True, allow_unused=True) if sums else ()
        )
    except Exception as refused:
        return type(refused)
    return [*outputs, *gradients]


def made(case: Case, cls: type[torch.nn.Module], options: Mapping[str, Any]) -> torch.nn.Module:
    """Make a case's module, with other options."""
    given = case.row(torch.float64).constructor_input
    bound = inspect.signature(cls).bind(*fresh(given.args), **fresh(given.kwargs))
    bound.arguments.update(options)
    torch.default_generator.manual_seed(0)
    return cls(*bound.args, **bound.kwargs).to(torch.float64)


def differing(case: Case, what: str, *changes: Any) -> str | None:
    """Say how the outcome of a change differs from PyTorch's, where it should not."""
    got, expected = (outcome(case, cls, *changes) for cls in case.classes)
    if (case.name, what) in UNLIKE or got is expected:
        return None
    if isinstance(got, type) or isinstance(expected, type):
        return f"{what}: {got} and {expected}"
    forms = [[(part.shape, part.dtype, part.device) for part in parts] for parts in (got, expected)]
    if forms[0] != forms[1]:
        return f"{what}: {forms[0]} and {forms[1]}"
    for ours, theirs in zip(got, expected, strict=True):
        tolerance = 2e-5 if case.name in SINGLE or "float32" in what else 1e-9
        alike = ours.is_meta or torch.allclose(ours, theirs, tolerance, tolerance, equal_nan=True)
        if not alike:
            return f"{what}: {ours} and {theirs}"
    return None


#: What PyTorch computes in float32, also for float64.
SINGLE = {"Hardsigmoid"}


def test_every_module_of_pytorchs_is_asked() -> None:
    assert {case.name for case in CASES} == {name for name in MODULES if hasattr(torch.nn, name)}


def inputs(case: Case) -> tuple[Any, ...]:
    given = case.row(torch.float64).forward_input
    return tuple(given.args) or tuple(given.kwargs.values())


@pytest.mark.filterwarnings("ignore")  # of what PyTorch finds doubtful, and takes
@pytest.mark.parametrize("case", CASES, ids=str)
def test_changed_inputs_are_refused_or_computed_with_as_by_pytorch(case: Case) -> None:
    found = [differing(case, what, arguments) for what, arguments in changed(inputs(case))]
    assert not list(filter(None, found))


def constructor(case: Case) -> list[torch.Tensor]:
    """Give the tensors that a row's module is constructed with: weights of losses."""
    given = case.row(torch.float64).constructor_input
    return flat((given.args, given.kwargs))


HOLDING = [case for case in CASES if constructor(case) or "Batch" in case.name]


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("case", HOLDING, ids=str)
def test_changed_tensors_of_the_module_are_refused_or_computed_with_as_by_pytorch(case: Case) -> None:
    buffers = made(case, case.classes[1], {})._buffers
    found = [
        differing(case, f"{name} {way}", inputs(case), {name: wrong})
        for name, tensor in buffers.items()
        if tensor is not None
        for way, wrong in wrongs(tensor).items()
        if isinstance(wrong, torch.Tensor)
    ]
    assert not list(filter(None, found))


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("case", [case for case in CASES if case.index == 0], ids=str)
def test_options_are_refused_or_computed_with_as_by_pytorch(case: Case) -> None:
    # Of the reduction PyTorch says what it is not in many ways, here it is one.
    taken = inspect.signature(case.classes[1]).parameters
    names = {name for name in CATALOGUE[case.name].options if name in taken and name != "reduction"}
    found = [
        differing(case, f"{name}={value!r}", inputs(case), {}, {name: value})
        for name in sorted(names)
        for value in OPTIONS
    ]
    assert not list(filter(None, found))


FLOATS = (torch.float64, torch.float32, torch.bfloat16)
#: Losses of several floating tensors, of which some may be held by the module.
MIXED = {
    **dict.fromkeys(
        (
            "L1Loss",
            "MSELoss",
            "SmoothL1Loss",
            "HuberLoss",
            "KLDivLoss",
            "PoissonNLLLoss",
            "HingeEmbeddingLoss",
        ),
        (),
    ),
    **dict.fromkeys(("SoftMarginLoss", "TripletMarginLoss", "GaussianNLLLoss"), ()),
    "BCELoss": ("weight",),
    "BCEWithLogitsLoss": ("weight", "pos_weight"),
}


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("reduction", ["mean", "none"])
@pytest.mark.parametrize("name", MIXED)
def test_mixed_dtypes_give_the_dtype_that_pytorch_gives(name: str, reduction: str) -> None:
    places = len(inspect.signature(getattr(torch.nn, name).forward).parameters) - 1
    for dtypes in itertools.product(FLOATS, repeat=places + len(MIXED[name])):
        given = [torch.rand((4, 3), dtype=dtype) for dtype in dtypes[:places]]
        held = {n: torch.rand(3, dtype=d) for n, d in zip(MIXED[name], dtypes[places:], strict=True)}
        found = []
        for namespace in (nn, torch.nn):
            try:
                found.append(getattr(namespace, name)(**held, reduction=reduction)(*given).dtype)
            except RuntimeError:
                found.append(None)
        assert found[0] == found[1], dtypes


def test_labels_may_have_eight_bits() -> None:
    scores, target = torch.randn(2, 3), torch.tensor([2, 0])
    for name in ("CrossEntropyLoss", "NLLLoss"):
        losses = [getattr(nn, name)(ignore_index=0)(scores, labels) for labels in (target, target.byte())]
        assert losses[0] == losses[1]


def test_construction_is_pytorchs() -> None:
    with pytest.raises(ValueError, match="dropout probability has to be between 0 and 1"):
        nn.Dropout(2.0)
    with pytest.raises(TypeError, match="unexpected keyword argument"):
        nn.Tanh(dim=1)


REFUSED = {
    "CrossEntropyLoss": (
        lambda: nn.CrossEntropyLoss()(torch.zeros(2, 3), torch.tensor([0, 7])),
        IndexError,
        "a class is an index from 0 to 2; got 7",
    ),
    "ignored": (
        lambda: nn.CrossEntropyLoss(ignore_index=1)(torch.zeros(2, 3), torch.tensor([0, -100])),
        IndexError,
        "got -100",
    ),
    "Embedding": (lambda: nn.Embedding(3, 2)(torch.tensor([-1])), IndexError, "from 0 to 2; got -1"),
    "BCELoss": (
        lambda: nn.BCELoss()(torch.tensor([0.5, 1.5]), torch.zeros(2)),
        RuntimeError,
        "input of BCELoss is between 0 and 1; got 1.5",
    ),
    "NaN": (
        lambda: nn.BCELoss()(torch.tensor([0.5, float("nan")]), torch.zeros(2)),
        RuntimeError,
        "got nan",
    ),
    "GaussianNLLLoss": (
        lambda: nn.GaussianNLLLoss()(torch.zeros(2), torch.zeros(2), torch.tensor([1.0, -1.0])),
        ValueError,
        "nowhere negative",
    ),
}


@pytest.mark.parametrize(("call", "kind", "said"), REFUSED.values(), ids=REFUSED)
def test_values_are_looked_at(call: Any, kind: type[Exception], said: str) -> None:
    with pytest.raises(kind, match=re.escape(said)):
        call()


def test_what_is_ignored_is_no_class() -> None:
    assert nn.CrossEntropyLoss()(torch.zeros(2, 3), torch.tensor([0, -100])).item() > 0
