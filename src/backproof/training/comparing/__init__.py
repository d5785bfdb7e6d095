"""Comparing: the same training beside PyTorch's, step by step, and where the two part."""

from __future__ import annotations

try:
    import torch  # noqa: F401 - whether it is there
except ModuleNotFoundError as error:
    raise ModuleNotFoundError(
        'this compares with PyTorch, which is not installed: pip install "backproof[torch]"', name=error.name
    ) from error
