"""What an engine is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol, runtime_checkable

from numpy.typing import NDArray

__all__ = ["Engine"]


@runtime_checkable
class Engine(Protocol):
    """Runs the steps of a loop, for one model, loss and optimizer.

    An engine may keep parameters, gradients and the optimizer's state where it likes, until `close`: then
    they are where they were. In between `sync` brings the model and the optimizer up to date. What else
    decides how it goes on, such as the state of random generators, it gives as ``state_dict``, and takes over
    as ``load_state_dict``.
    """

    #: What it is called where it is said: ``NumPy``, ``NumPy, planned``, ``PyTorch``.
    name: str

    def step(self, input: Any, target: Any) -> float:
        """Give the loss of a batch, and move the parameters, unless the loss is not finite.

        The loss is that before the parameters are moved; if it is NaN or infinite nothing is moved.
        """
        ...

    def predict(self, input: Any) -> NDArray[Any]:
        """Compute the model's output for a batch, as in prediction: nothing is dropped or remembered."""
        ...

    def loss(self, output: NDArray[Any], target: Any) -> float:
        """Give the loss of an output."""
        ...

    def parameters(self) -> Mapping[str, NDArray[Any]]:
        """Give the parameters by their paths, as they are; they are not to be written to."""
        ...

    def gradients(self) -> Mapping[str, NDArray[Any] | None]:
        """Give the gradients of the last step by the paths of their parameters."""
        ...

    def load(self, parameters: Mapping[str, NDArray[Any]]) -> None:
        """Set the parameters to copies of these."""
        ...

    def sync(self) -> None:
        """Bring the model and the optimizer up to date: what is looked at, saved, or changed by hand."""
        ...

    def close(self) -> None:
        """Bring the model and the optimizer up to date, and let them go."""
        ...
