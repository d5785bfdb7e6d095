"""Which parameters a model has, and which of them an optimizer moves."""

from __future__ import annotations

from functools import cached_property
from typing import Any

__all__ = ["FindsParameters"]


class FindsParameters:
    """Base of the engines: finds the parameters, and after each `sync` again, for they may be others then."""

    model: Any
    optimizer: Any

    @cached_property
    def _named(self) -> dict[str, Any]:
        return dict(self.model.named_parameters())

    @cached_property
    def _apart(self) -> list[Any]:
        """What is learned and not moved."""
        held = {id(parameter) for group in self.optimizer.param_groups for parameter in group["params"]}
        return [parameter for parameter in self._named.values() if id(parameter) not in held]

    def sync(self) -> None:
        """Expect any change: all is where it belongs."""
        for found in ("_named", "_apart"):
            vars(self).pop(found, None)

    def close(self) -> None:
        """Expect any change: all is where it belongs."""
        self.sync()
