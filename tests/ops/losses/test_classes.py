"""Losses of class indices: what is refused, and what counts in the mean."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest
import torch

from backproof.ops import CATALOGUE
from tests.ops.row import frozen

SCORES = frozen(np.log(np.array([[0.2, 0.3, 0.5], [0.6, 0.3, 0.1]])))
WITH_INDICES = ("CrossEntropyLoss", "NLLLoss", "MultiMarginLoss")


@pytest.mark.parametrize("wrong", [3, -1, -100])
@pytest.mark.parametrize("name", WITH_INDICES)
def test_an_index_that_is_no_class_is_refused(name: str, wrong: int) -> None:
    known = {"ignore_index": 7} if "ignore_index" in CATALOGUE[name].options else {}
    ignoring = ", or ignore_index=7" if known else ""
    message = re.escape(f"a class is an index from 0 to 2{ignoring}; got {wrong}")
    with pytest.raises(IndexError, match=message):
        CATALOGUE[name].evaluate(np, (SCORES, np.array([0, wrong])), **known)


def test_an_index_is_refused_where_labels_are_smoothed() -> None:
    with pytest.raises(IndexError, match="got 3"):
        CATALOGUE["CrossEntropyLoss"].evaluate(np, (SCORES, np.array([0, 3])), label_smoothing=0.1)


@pytest.mark.parametrize("options", [{}, {"label_smoothing": 0.1}], ids=str)
# As with an empty mean: NumPy warns of 0/0 and of a gradient over 0, where PyTorch is silent.
@pytest.mark.filterwarnings("ignore:invalid value:RuntimeWarning", "ignore:divide by zero:RuntimeWarning")
def test_all_ignored_is_no_number_without_gradient(options: dict[str, Any]) -> None:
    """The mean of nothing is NaN, and NaN does not reach the parameters: both as in PyTorch."""
    op, target = CATALOGUE["CrossEntropyLoss"], np.array([-100, -100])
    output, values = op.evaluate(np, (SCORES, target), **options)
    gradient = op.gradients(np, np.array(1.0), (SCORES, target), values, **options)["input"]
    leaf = torch.tensor(SCORES, requires_grad=True)
    loss = torch.nn.CrossEntropyLoss(**options)(leaf, torch.tensor(target))
    loss.backward()
    assert leaf.grad is not None
    assert np.isnan(output)
    assert torch.isnan(loss)
    np.testing.assert_array_equal(gradient, leaf.grad.numpy())


@pytest.mark.parametrize("name", WITH_INDICES)
def test_indices_may_have_eight_bits(name: str) -> None:
    wide, narrow = (
        CATALOGUE[name].evaluate(np, (SCORES, np.array([2, 0], kind))) for kind in (int, np.uint8)
    )
    assert wide.output == narrow.output


@pytest.mark.parametrize("options", [{}, {"ignore_index": 2}, {"label_smoothing": 0.1}], ids=str)
@pytest.mark.parametrize("name", ["CrossEntropyLoss", "NLLLoss"])
def test_the_index_of_a_single_sample_may_have_an_axis(name: str, options: dict[str, Any]) -> None:
    """As in PyTorch, which has no backward for it."""
    op, upstream = CATALOGUE[name], np.array(1.0)
    known = {option: value for option, value in options.items() if option in op.options}
    found = [
        (op.evaluate(np, given, **known).output, op.gradients(np, upstream, given, **known)["input"].tolist())
        for given in ((SCORES[0], np.array(1)), (SCORES[0], np.array([1])))
    ]
    assert found[0] == found[1]


@pytest.mark.parametrize("target", [np.array(0), np.array([0])], ids=str)
def test_a_number_is_the_score_of_one_class(target: Any) -> None:
    op, given = CATALOGUE["MultiMarginLoss"], (np.array(0.5), target)
    values = op.evaluate(np, given, reduction="none").output
    assert (values.shape, values.sum()) == (target.shape, 0)
    assert op.gradients(np, np.array(1.0), given)["input"].shape == ()


REFUSED: dict[str, tuple[str, dict[str, Any]]] = {
    "label_smoothing of CrossEntropyLoss is between 0 and 1; got label_smoothing=1.5": (
        "CrossEntropyLoss",
        {"label_smoothing": 1.5},
    ),
    "p of MultiMarginLoss is 1 or 2; got p=3": ("MultiMarginLoss", {"p": 3}),
}


@pytest.mark.parametrize("message", REFUSED)
def test_an_option_out_of_its_range_is_refused(message: str) -> None:
    name, options = REFUSED[message]
    with pytest.raises(ValueError, match=re.escape(message)):
        CATALOGUE[name].evaluate(np, (SCORES, np.array([0, 1])), **options)


@pytest.mark.usefixtures("not_enforced")
@pytest.mark.parametrize("name", ["NLLLoss", "CrossEntropyLoss", "MultiMarginLoss"])
@pytest.mark.parametrize("shape", [(2, 1), (1,), (), (3,), (1, 3)])
def test_a_target_that_would_broadcast_is_refused(name: str, shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match=re.escape("class indices of shape (2,)")) as refused:
        CATALOGUE[name].evaluate(np, (SCORES, np.zeros(shape, int)))
    assert str(refused.value).endswith(f"; got target of shape={shape}")


@pytest.mark.usefixtures("not_enforced")
@pytest.mark.parametrize("name", ["NLLLoss", "CrossEntropyLoss", "MultiMarginLoss"])
def test_weights_that_are_not_one_for_each_class_are_refused(name: str) -> None:
    message = f"one number for each of the {SCORES.shape[1]} classes; got shape=(2,)"
    with pytest.raises(ValueError, match=re.escape(message)):
        CATALOGUE[name].evaluate(np, (SCORES, np.array([0, 1]), np.ones(2)))
