"""Where a component is found: in the catalogues, behind the front doors, and in PyTorch."""

from __future__ import annotations

import importlib
from types import ModuleType
from typing import Any

import torch

from backproof.ops import CATALOGUE

__all__ = ["found_in", "is_ours", "torch_link"]

#: PyTorch's names of elementary functions that go by another one here; ``None``: it is no function there.
ELEMENTARY: dict[str, str | None] = {"power": "pow", "indexing": None}
_DOCUMENTATION = "https://docs.pytorch.org/docs/stable/generated"
#: The front doors, and what each falls back to for names that it does not have.
_DOORS = {
    "backproof.nn": None,
    "backproof.torch.nn": "torch.nn",
    "backproof.optim": None,
    "backproof.torch.optim": "torch.optim",
    "backproof.optim.lr_scheduler": None,
}


def is_ours(door: str, name: str) -> bool:
    """Whether a front door has a component of the name, which is not PyTorch's own.

    Examples
    --------
    >>> is_ours("backproof.torch.nn", "Transformer")
    False
    """
    module = importlib.import_module(door)
    if not hasattr(module, name):
        return False
    behind = _DOORS[door]
    return behind is None or getattr(module, name) is not getattr(_module(behind), name, None)


def found_in(name: str, doors: list[str]) -> list[str]:
    """Give the full names of a component behind the front doors that have it."""
    return [f"{door}.{name}" for door in doors if is_ours(door, name)]


def torch_name(kind: str, name: str) -> str | None:
    """Give PyTorch's full name of a component; ``None`` if it is none there.

    Examples
    --------
    >>> torch_name("activation", "Tanh"), torch_name("elementary", "power")
    ('torch.nn.Tanh', 'torch.pow')
    """
    room = {"update rule": "torch.optim", "schedule": "torch.optim.lr_scheduler"}.get(kind)
    known = ELEMENTARY.get(name, name) if kind == "elementary" else name
    full = f"{room or CATALOGUE[name].room}.{known}"
    return full if known is not None and _exists(full) else None


def torch_link(kind: str, name: str) -> str:
    """Give PyTorch's name of a component as a link to its documentation."""
    full = torch_name(kind, name)
    return "–" if full is None else f"[`{full}`]({_DOCUMENTATION}/{full}.html)"


def _exists(full: str) -> bool:
    place: Any = torch
    for part in full.split(".")[1:]:
        place = getattr(place, part, None)
    return place is not None


def _module(name: str) -> ModuleType:
    return importlib.import_module(name)
