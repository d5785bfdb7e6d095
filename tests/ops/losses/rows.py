"""What to try of each loss, and what is peculiar to it."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np
import torch

from tests.ops.row import ANY_RANK, Arrays, Row, Shape, draw, frozen

_NAN = "PyTorch's sign of NaN is 0; here a NaN is not hidden by a gradient of 0"
_OVERFLOW = "PyTorch's exponential overflows, and its gradient is NaN"
_PASSED_OVER = "PyTorch's comparison passes over a NaN"


# --- PyTorch's twins: its weights are arguments of the module, and have no gradient --------------


def _module(name: str, *weights: str, fixed: bool = False) -> Callable[..., Any]:
    """Call PyTorch's module with input and target, which broadcast, and weights.

    ``fixed`` is for a target that PyTorch has no gradient for, and refuses if it wants one.
    """

    def twin(input: Any, target: Any, *given: Any, **options: Any) -> Any:
        known = {n: w.detach() for n, w in zip(weights, given, strict=False) if w is not None}
        if target.is_floating_point():
            roles = torch.broadcast_tensors(input, target.detach() if fixed else target)  # type: ignore[no-untyped-call]  # torch's
        else:
            roles = (input, target)
        return getattr(torch.nn, name)(**known, **options)(*roles)

    return twin


def _unchanged(name: str) -> Callable[..., Any]:
    """Call PyTorch's module with its arguments as they are."""
    return lambda *inputs, **options: getattr(torch.nn, name)(**options)(*inputs)


def _kl_div(input: Any, target: Any, **options: Any) -> Any:
    with warnings.catch_warnings():
        # PyTorch warns of its own default reduction.
        warnings.filterwarnings("ignore", "reduction: 'mean'")
        return torch.nn.KLDivLoss(**options)(*torch.broadcast_tensors(input, target))  # type: ignore[no-untyped-call]  # torch's


# --- Inputs that shapes alone do not say ---------------------------------------------------------


def _distributions(rng: np.random.Generator, dtype: Any) -> Iterator[tuple[str, Arrays]]:
    """Give targets that are not class indices: one-hot vectors, probabilities, and weights."""
    shapes: tuple[Shape, ...] = ((5,), (7, 5), (7, 5, 3))
    for shape in shapes:
        axis = min(1, len(shape) - 1)
        logits = draw("real", shape, rng, dtype)
        classes = rng.integers(0, 5, size=shape[:axis] + shape[axis + 1 :])
        one_hot = frozen(np.moveaxis(np.eye(5, dtype=dtype)[classes], -1, axis))
        yield f"{shape}-one-hot", (logits, one_hot, None)
        raw = rng.uniform(0.1, 1, size=shape)
        shares = frozen((raw / raw.sum(axis=axis, keepdims=True)).astype(dtype))
        yield f"{shape}-probabilities", (logits, shares, None)
        yield f"{shape}-weights", (logits, frozen(raw.astype(dtype)), None)  # that do not add up to 1
        yield f"{shape}-probabilities of weighted classes", (logits, shares, _weight(rng, dtype))
    yield from _ignored(rng, dtype)


def _ignored(rng: np.random.Generator, dtype: Any) -> Iterator[tuple[str, Arrays]]:
    """Give class indices of which some are PyTorch's default of what is ignored."""
    for weight in (None, _weight(rng, dtype)):
        scores = draw("log probability", (7, 5), rng, dtype)
        classes = frozen(np.array([3, -100, 0, 1, -100, 4, 1]))
        yield f"ignored{'' if weight is None else ' and weighted'}", (scores, classes, weight)


def _weight(rng: np.random.Generator, dtype: Any) -> np.ndarray[Any, Any]:
    return draw("positive", (5,), rng, dtype)


def _may_be_ignored(inputs: Arrays, options: Mapping[str, Any]) -> bool:
    """An index takes the place of −100; PyTorch refuses one where the target holds probabilities."""
    target = inputs[1]
    assert target is not None
    return "ignore_index" not in options or (target.dtype.kind != "f" and -100 not in target)


def _rate(inputs: Arrays, options: Mapping[str, Any]) -> bool:
    return bool(options.get("log_input", True) or (inputs[0] is not None and (inputs[0] > 0).all()))


def _rates(rng: np.random.Generator, dtype: Any) -> Iterator[tuple[str, Arrays]]:
    # From 2 on: a full loss jumps at 1, and at 0 PyTorch's gradient for the target is NaN then.
    counts = frozen(rng.poisson(2, size=(7, 5)).astype(dtype) + 2)
    yield "rates and counts", (draw("positive", (7, 5), rng, dtype), counts)


_MANY: dict[str, tuple[Shape | None, ...]] = {
    "one sample": ((5,), (), None),
    "(N, C, d)": ((7, 5, 3), (7, 3), None),
    "(N, C, d, e)": ((7, 5, 3, 2), (7, 3, 2), (5,)),
    "weighted": ((7, 5), (7,), (5,)),
    "one weighted sample": ((5,), (), (5,)),
}

ROWS: dict[str, Row] = {
    "L1Loss": Row(ranks=True, unlike={("input", "nan"): _NAN, ("target", "nan"): _NAN}),
    "MSELoss": ANY_RANK,
    "SmoothL1Loss": Row(
        ranks=True,
        options=({}, {"beta": 2.5, "reduction": "none"}, {"beta": 0.0, "reduction": "none"}),
    ),
    "HuberLoss": Row(ranks=True, options=({}, {"delta": 2.5, "reduction": "none"})),
    "BCELoss": Row(
        ranks=True,
        shapes={"weighted": ((7, 5), (7, 5), (7, 5)), "weighted columns": ((7, 5), (7, 5), (5,))},
        twin=_module("BCELoss", "weight"),
    ),
    "BCEWithLogitsLoss": Row(
        ranks=True,
        shapes={
            "weighted": ((7, 5), (7, 5), (7, 1), None),
            "positives weighted": ((7, 5), (7, 5), None, (5,)),
            "both weighted": ((2, 7, 5), (2, 7, 5), (7, 5), (5,)),
        },
        twin=_module("BCEWithLogitsLoss", "weight", "pos_weight"),
        unlike={("input", "-inf"): "the loss is infinite; two terms of PyTorch's cancel to NaN"},
    ),
    "CrossEntropyLoss": Row(
        shapes=_MANY,
        more=_distributions,
        options=(
            {},
            {"label_smoothing": 0.1, "reduction": "mean"},
            {"ignore_index": 2, "reduction": "mean"},
            {"ignore_index": 2, "label_smoothing": 0.25, "reduction": "none"},
        ),
        fits=_may_be_ignored,
        twin=_module("CrossEntropyLoss", "weight"),
    ),
    "NLLLoss": Row(
        shapes=_MANY,
        more=_ignored,
        options=({}, {"ignore_index": 2, "reduction": "mean"}),
        fits=_may_be_ignored,
        twin=_module("NLLLoss", "weight"),
    ),
    "KLDivLoss": Row(ranks=True, options=({}, {"log_target": True, "reduction": "none"}), twin=_kl_div),
    "PoissonNLLLoss": Row(
        ranks=True,
        more=_rates,
        options=(
            {},
            {"full": True, "reduction": "none"},
            {"log_input": False, "reduction": "none"},
            {"log_input": False, "full": True, "eps": 0.5, "reduction": "none"},
        ),
        fits=_rate,
    ),
    "GaussianNLLLoss": Row(
        ranks=True,
        shapes={"one variance": ((3, 5), (3, 5), (3, 1)), "a variance each row": ((7, 5), (7, 5), (7,))},
        options=({}, {"full": True, "reduction": "none"}),
        twin=_unchanged("GaussianNLLLoss"),
    ),
    "HingeEmbeddingLoss": Row(ranks=True, options=({}, {"margin": 2.5, "reduction": "none"})),
    "SoftMarginLoss": Row(
        ranks=True,
        twin=_module("SoftMarginLoss", fixed=True),
        unlike={("input", "inf"): _OVERFLOW, ("input", "-inf"): _OVERFLOW},
    ),
    "MarginRankingLoss": Row(ranks=True, options=({}, {"margin": 0.5, "reduction": "none"})),
    "MultiMarginLoss": Row(
        shapes={
            "plain": ((3, 5), (3,), None),  # so few that none lies near to a kink
            "one sample": ((5,), (), None),
            "one sample with an axis": ((5,), (1,), (5,)),
            "one row": ((1, 5), (), None),
            "weighted": ((7, 5), (7,), (5,)),
            "no rows": None,  # PyTorch's loss of no row is what was in the memory
        },
        unlike={("input", "nan"): _PASSED_OVER},
        options=({}, {"p": 2, "margin": 0.5, "reduction": "none"}),
        twin=_module("MultiMarginLoss", "weight"),
    ),
    "CosineEmbeddingLoss": Row(
        shapes={
            "one sample": ((5,), (5,), ()),
            "a number against vectors": ((7, 1), (7, 5), (7,)),
            "vectors against a number": ((7, 5), (7, 1), (7,)),
            "one against many": ((1, 5), (7, 5), (7,)),
        },
        options=({}, {"margin": 0.25, "reduction": "none"}),
        twin=_unchanged("CosineEmbeddingLoss"),
    ),
    "TripletMarginLoss": Row(
        shapes={
            "one sample": ((5,), (5,), (5,)),
            "numbers": ((), (), ()),
            "a number for the anchor": ((2, 1), (2, 4), (2, 4)),
            "a number for the positive": ((2, 3), (2, 1), (2, 3)),
            "a number for the negative": ((2, 3), (2, 3), (2, 1)),
            "numbers but for the anchor": ((2, 3), (1, 1), (2, 1)),
        },
        twin=_unchanged("TripletMarginLoss"),
        options=(
            {},
            {"p": 1.0, "reduction": "none"},
            {"p": 3.5, "margin": 2.5, "reduction": "none"},
            {"p": 0.5, "eps": 0.01, "reduction": "none"},
            {"p": float("inf"), "reduction": "none"},
            {"swap": True, "margin": 5.0},
        ),
    ),
}
