"""A trained model on disk: one safetensors file with the parameters, and the recipe in its metadata."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from backproof import nn
from backproof.training.checksums import SUM, checksum
from backproof.training.tables.errors import TableError
from backproof.training.tables.recipe import SCHEMA, Recipe

__all__ = ["load_model", "require_apart", "require_free", "require_safetensors", "save_model"]

#: Under which name the recipe stands in the metadata.
_KEY = "backproof.recipe"


def require_free(path: Path, *, overwrite: bool = False) -> None:
    """Refuse a file that could not be written in the end, before the work is done.

    Raises
    ------
    TableError
        If it is there and ``overwrite`` does not say that it may be replaced, or its folder cannot be
        written to.
    """
    if path.is_dir():
        raise TableError(f"{path} is a folder; name a file in it")
    if path.exists() and not overwrite:
        raise _taken(path)
    if not path.parent.is_dir():
        raise TableError(
            f"there is no folder {path.parent} to write {path.name} to; make it, or name another"
        )
    if not os.access(path.parent, os.W_OK):
        raise TableError(f"the folder {path.parent} cannot be written to; name another")


def _taken(path: Path) -> TableError:
    return TableError(f"{path} is there already; name another file, or replace it with --overwrite")


def require_apart(option: str, path: Path, **sources: str | Path) -> None:
    """Refuse to write over what is read, whatever else may be replaced.

    Parameters
    ----------
    option, path
        Where would be written.
    sources
        What is read, by what it is.

    Raises
    ------
    TableError
        If it is one of them, also by another name.
    """
    for what, source in sources.items():
        if path.exists() and Path(source).exists() and path.samefile(source):
            raise TableError(f"{option} {path} is the {what} that is read; name another file")


def require_safetensors(path: Path) -> None:
    """Refuse a name that does not say what the file will be.

    Raises
    ------
    TableError
        If it does not end in ``.safetensors``.
    """
    if path.suffix != ".safetensors":
        raise TableError(f"expected --save to end in .safetensors; got {path.name}")


def save_model(model: nn.Module, recipe: Recipe, path: Path, *, overwrite: bool = False) -> None:
    """Write a model with its recipe; the file appears whole or not at all.

    Raises
    ------
    TableError
        If there is a file, and ``overwrite`` does not say that it may be replaced.
    OSError
        If it cannot be written.
    """
    state, saved = model.state_dict(), recipe.to_dict()
    # Within the recipe, for safetensors writes the keys of its metadata in any order.
    text = json.dumps({**saved, SUM: checksum(json.dumps(saved), state)})
    try:
        nn.save(state, path, overwrite=overwrite, metadata={_KEY: text})
    except FileExistsError:
        raise _taken(path) from None


def load_model(path: Path) -> tuple[nn.Module, Recipe]:
    """Read a model and its recipe.

    Raises
    ------
    TableError
        If the file is not there, is damaged, or was not written by `save_model`.
    """
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(path, framework="numpy") as file:
            metadata = file.metadata() or {}
            arrays = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 - no mapping
    except FileNotFoundError:
        raise TableError(f"there is no file {path}") from None
    except (SafetensorError, OSError, ValueError, KeyError, TypeError) as error:
        raise TableError(
            f"{path} is no model that can be read: {error}; expected what `backproof train --save` writes"
        ) from None
    if _KEY not in metadata:
        raise TableError(
            f"{path} holds no recipe for tables; expected what `backproof train --save` writes, as bare "
            "parameters do not say what their inputs are"
        )
    recipe = _recipe(metadata[_KEY], arrays, path)
    try:
        model = recipe.model()
        model.load_state_dict(arrays)
    except ValueError as error:
        raise TableError(f"{path} is damaged: {error}") from None
    return model, recipe


def _recipe(text: str, arrays: Mapping[str, NDArray[Any]], path: Path) -> Recipe:
    try:
        saved = json.loads(text)
        is_whole = saved.pop(SUM, None) == checksum(json.dumps(saved), arrays)
        schema = saved["schema"]
        if is_whole and schema == SCHEMA:
            return Recipe.from_dict(saved)
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise TableError(
            f"{path} is damaged: its recipe cannot be read ({type(error).__name__}: {error})"
        ) from None
    if not is_whole:
        raise TableError(
            f"{path} is damaged: its content is not what was written; take a copy, or train anew"
        )
    raise TableError(
        f"{path} was written in the form {schema!r}, and this version of backproof reads {SCHEMA}; "
        "use the version that wrote it, or train anew"
    )
