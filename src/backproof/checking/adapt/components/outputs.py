"""What a forward on tensors returned: its outputs that may be differentiated, one by one or all together."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping
from typing import Any

from backproof.checking.adapt.libraries import Native, first_array

__all__ = ["ALL", "floating", "output_of"]

#: Stands for all outputs together, one after the other.
ALL = "all"


def floating(returned: object) -> dict[str, Native]:
    """Give the tensors of real numbers among what was returned, by where they stand.

    Of tuples, lists, dictionaries and dataclasses the parts: ``(out, (h, c))`` are 1, 2.1 and 2.2. A tensor
    that is there twice counts once.

    Examples
    --------
    >>> import torch
    >>> list(floating((torch.ones(2), (torch.ones(3), torch.arange(3)), {"h": torch.ones(1)})))
    ['1', '2.1', '3.h']
    """
    import torch

    found: dict[str, Native] = {}
    for place, leaf in _leaves(returned):
        numbers = isinstance(leaf, torch.Tensor) and leaf.is_floating_point() and leaf.numel()
        if numbers and not any(leaf is known for known in found.values()):
            found[place or "1"] = leaf
    return found


def output_of(returned: object, part: int | str = 0) -> Any:
    """Give an output by its number among those that may be differentiated, or `ALL` of them.

    The first is what stands first, but for ``None`` and indices before it.
    """
    import torch

    found = floating(returned)
    if part == ALL:
        reached = [tensor for tensor in found.values() if tensor.requires_grad]
        return torch.cat([tensor.reshape(-1) for tensor in reached]) if reached else None
    if part:
        every = list(found.values())
        return every[int(part)] if int(part) < len(every) else None
    begins = next((leaf for _, leaf in _leaves(returned) if leaf is not None), None)
    if found and isinstance(begins, torch.Tensor):
        return next(iter(found.values()))
    return first_array(returned)


def _leaves(value: object, place: str = "") -> Iterator[tuple[str, object]]:
    for name, part in _parts(value):
        if part is value:
            yield place, value
        else:
            yield from _leaves(part, f"{place}.{name}" if place else name)


def _parts(value: Any) -> Iterator[tuple[str, object]]:
    if isinstance(value, Mapping):
        yield from ((str(key), part) for key, part in value.items())
    elif isinstance(value, tuple | list):
        yield from ((str(number), part) for number, part in enumerate(value, 1))
    elif dataclasses.is_dataclass(value) and not isinstance(value, type):
        yield from ((field.name, getattr(value, field.name)) for field in dataclasses.fields(value))
    else:
        yield "", value
