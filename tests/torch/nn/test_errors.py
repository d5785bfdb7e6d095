"""What PyTorch's modules refuse, ours refuse with the same kind of exception."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
import torch

from backproof.torch import nn
from backproof.torch.nn.classes import MODULES
from tests.torch.nn.tables import Case, cases, flat, fresh

CASES = [case for case in cases() if case.training and case.index < 6]

#: Where PyTorch refuses what ours take, or in other words, and why.
UNLIKE = {
    ("BatchNorm1d", "0 on another device"): "the statistics could be moved",
    ("BatchNorm2d", "0 on another device"): "the statistics could be moved",
    ("Bilinear", "0 on another device"): "PyTorch's has no dtype there",
    ("L1Loss", "1 true or false"): "a truth value counts as 0 or 1, as in PyTorch's MSELoss",
    ("MarginRankingLoss", "1 true or false"): "likewise",
    ("MarginRankingLoss", "2 true or false"): "likewise",
    ("GaussianNLLLoss", "1 true or false"): "likewise",
    ("GaussianNLLLoss", "2 true or false"): "likewise",
    ("GaussianNLLLoss", "2 whole"): "a whole number becomes a real one",
    ("PoissonNLLLoss", "1 true or false"): "a truth value counts as 0 or 1, as in PyTorch's MSELoss",
    ("BCEWithLogitsLoss", "1 true or false"): "likewise",
    ("TripletMarginLoss", "1 true or false"): "likewise",
    ("TripletMarginLoss", "2 true or false"): "likewise",
    ("BCEWithLogitsLoss", "1 whole"): "a whole number becomes a real one",
    ("MultiMarginLoss", "0 in float32"): "dtypes are promoted",
    (
        "CrossEntropyLoss",
        "0 without axes",
    ): "an input without classes: IndexError and RuntimeError in PyTorch",
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


def outcome(
    case: Case, cls: type[torch.nn.Module], arguments: tuple[Any, ...], held: Mapping[str, Any] | None = None
) -> type[Exception] | None:
    module = case.make(cls, torch.float64, case.row(torch.float64))
    for name, tensor in (held or {}).items():
        setattr(module, name, tensor)
    try:
        module(*fresh(arguments))
    except Exception as refused:
        return type(refused)
    return None


def test_every_module_of_pytorchs_is_asked() -> None:
    assert {case.name for case in CASES} == {name for name in MODULES if hasattr(torch.nn, name)}


@pytest.mark.filterwarnings("ignore")  # of what PyTorch finds doubtful, and takes
@pytest.mark.parametrize("case", CASES, ids=str)
def test_what_pytorch_refuses_is_refused(case: Case) -> None:
    ours, theirs = case.classes
    given = case.row(torch.float64).forward_input
    differing = {}
    for what, arguments in changed(tuple(given.args) or tuple(given.kwargs.values())):
        expected = outcome(case, theirs, arguments)
        if expected is not None and (case.name, what) not in UNLIKE:
            got = outcome(case, ours, arguments)
            if got is not expected:
                differing[what] = (got, expected)
    assert not differing


def constructor(case: Case) -> list[torch.Tensor]:
    """Give the tensors that a row's module is constructed with: weights of losses."""
    given = case.row(torch.float64).constructor_input
    return flat((given.args, given.kwargs))


HOLDING = [case for case in CASES if constructor(case)]


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("case", HOLDING, ids=str)
def test_tensors_of_the_constructor_are_refused_as_by_pytorch(case: Case) -> None:
    ours, theirs = case.classes
    given = case.row(torch.float64).forward_input
    arguments = tuple(given.args) or tuple(given.kwargs.values())
    differing = {}
    for name, tensor in case.make(theirs, torch.float64, case.row(torch.float64))._buffers.items():
        for way, wrong in wrongs(tensor).items() if tensor is not None else ():
            if isinstance(wrong, torch.Tensor) and (case.name, f"{name} {way}") not in UNLIKE:
                got, expected = (outcome(case, cls, arguments, {name: wrong}) for cls in (ours, theirs))
                if expected is not None and got is not expected:
                    differing[f"{name} {way}"] = (got, expected)
    assert not differing


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
