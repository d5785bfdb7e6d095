"""The same training on a table in PyTorch, beside ours."""

from __future__ import annotations

from typing import TYPE_CHECKING

from backproof import nn
from backproof.training.parts import optimizer_named
from backproof.training.tables.errors import TableError
from backproof.training.tables.preparing import Prepared

if TYPE_CHECKING:
    from backproof.training.comparing.comparison import Comparison

__all__ = ["compared", "require"]


def require(library: str | None) -> None:
    """Refuse what there is nothing to compare with; ``None`` is for no comparison.

    Raises
    ------
    TableError
        If it is another library than torch, or that is not installed.
    """
    if library is None:
        return
    if library != "torch":
        raise TableError(f"--compare takes torch; got --compare {library}")
    try:
        import backproof.training.comparing  # noqa: F401 - what is wrong is said before training, not after
    except ModuleNotFoundError as error:
        raise TableError(f"--compare torch: {error}") from None


def compared(prepared: Prepared) -> Comparison:
    """Train a model as a recipe says once more, with PyTorch beside it."""
    from backproof.training.comparing.compare import compare

    recipe, steps = prepared.recipe, prepared.steps
    model = recipe.model()
    return compare(
        model,
        prepared.train.inputs,
        prepared.train.target,
        loss=getattr(nn, recipe.loss)(),
        optimizer=optimizer_named(recipe.how["optimizer"], model.parameters(), lr=steps.lr),
        epochs=steps.epochs,
        batch_size=None if steps.batch_size == len(prepared.train) else steps.batch_size,
        seed=recipe.how["seed"],
        lr_lambda=steps.share if steps.arriving else None,
    )
