"""The submodules of PyTorch's packages, imported by the path of ours."""

from __future__ import annotations

import importlib

import pytest


@pytest.mark.parametrize(
    "name",
    [
        "nn.functional",
        "nn.init",
        "nn.modules.activation",
        "nn.parameter",
        "nn.utils",
        "nn.utils.parametrizations",
        "nn.utils.prune",
        "optim.lr_scheduler",
        "optim.swa_utils",
    ],
)
def test_a_submodule_is_pytorchs_own(name: str) -> None:
    ours, theirs = (importlib.import_module(f"{package}.{name}") for package in ("backproof.torch", "torch"))
    assert ours is theirs
    assert ours.__spec__ is not None
    assert ours.__spec__.name == f"torch.{name}"


def test_names_are_imported_from_it() -> None:
    import torch
    from backproof.torch.nn.utils import clip_grad_norm_  # type: ignore[import-not-found]

    assert clip_grad_norm_ is torch.nn.utils.clip_grad_norm_


def test_what_is_here_is_not_pytorchs() -> None:
    assert (
        importlib.import_module("backproof.torch.optim.optimizer").__name__
        == "backproof.torch.optim.optimizer"
    )


def test_what_neither_has_is_missing() -> None:
    with pytest.raises(ModuleNotFoundError, match=r"No module named 'backproof\.torch\.nn\.nonesuch'"):
        importlib.import_module("backproof.torch.nn.nonesuch")
