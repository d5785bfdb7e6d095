"""Models on disk: what comes back is what went there, and what is no model is refused."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from safetensors import safe_open
from safetensors.numpy import save_file

from backproof.training.checksums import checksum
from backproof.training.tables.choices import Choices
from backproof.training.tables.errors import TableError
from backproof.training.tables.model_files import load_model, require_free, save_model
from backproof.training.tables.preparing import prepared
from backproof.training.tables.reading import Table
from backproof.training.tables.recipe import Recipe

FRAME = pl.DataFrame({"x": [1.0, 2.0, 4.0], "w": ["a", "b", "a"], "y": [1.0, 0.5, 3.0]})


@pytest.fixture
def saved(tmp_path: Path) -> tuple[Path, Recipe]:
    recipe = prepared(Table(FRAME, "t"), Choices("y", model="mlp:3")).recipe
    save_model(recipe.model(), recipe, tmp_path / "model")
    return tmp_path / "model", recipe


def test_a_model_comes_back(saved: tuple[Path, Recipe]) -> None:
    path, recipe = saved
    model, back = load_model(path)
    assert back == recipe
    given = recipe.encoded(FRAME)
    assert np.array_equal(model(given), recipe.model()(given))
    with safe_open(path, framework="numpy") as file:  # any other reader of the format sees the same
        assert json.loads(file.metadata()["backproof.recipe"]).items() > recipe.to_dict().items()
        assert list(file.keys()) == ["0.bias", "0.weight", "2.bias", "2.weight"]


def rewritten(path: Path, **changes: Any) -> Path:
    """Write the model again with another recipe."""
    with safe_open(path, framework="numpy") as file:
        recipe = {**json.loads(file.metadata()["backproof.recipe"]), **changes}
        arrays = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 - it is no mapping
    other = path.with_name("other")
    del recipe["sha256"]
    recipe["sha256"] = checksum(json.dumps(recipe), arrays)
    save_file(arrays, other, {"backproof.recipe": json.dumps(recipe)})
    return other


CHANGES: dict[str, tuple[dict[str, Any], str]] = {
    "a later form": ({"schema": 2}, "was written in the form 2, and this version of backproof reads 1"),
    "no features": ({"features": None}, "its recipe cannot be read"),
    "fewer numbers": ({"center": [0.0]}, "its recipe cannot be read"),
    "an odd kind": ({"target": {"column": "y"}}, "its recipe cannot be read"),
    "another size": ({"model": {"name": "mlp", "hidden": [4]}}, "is damaged"),
    "another depth": ({"model": {"name": "linear", "hidden": []}}, "is damaged"),
    "a size that is none": ({"model": {"name": "mlp", "hidden": [0]}}, "is damaged"),
}


@pytest.mark.parametrize(("changes", "said"), CHANGES.values(), ids=CHANGES)
def test_a_recipe_that_is_damaged_is_refused(
    changes: dict[str, Any], said: str, saved: tuple[Path, Recipe]
) -> None:
    with pytest.raises(TableError) as caught:
        load_model(rewritten(saved[0], **changes))
    assert said in str(caught.value)


def test_every_bit_counts(saved: tuple[Path, Recipe]) -> None:
    """Any bit may flip but those of the spaces with which safetensors fills up its header."""
    path, rng = saved[0], np.random.default_rng(0)
    content = path.read_bytes()
    places = {*range(16), *rng.integers(0, len(content), 200).tolist(), len(content) - 1}
    for place in places:
        bad = bytearray(content)
        bad[place] ^= 1 << int(rng.integers(8))
        if content[place] == ord(" "):
            continue
        path.write_bytes(bad)
        with pytest.raises(TableError, match=r"is damaged|is no model|holds no recipe"):
            load_model(path)


def test_nothing_is_overwritten_unasked(saved: tuple[Path, Recipe]) -> None:
    path, recipe = saved
    before = path.read_bytes()
    with pytest.raises(
        TableError, match="is there already; name another file, or replace it with --overwrite"
    ):
        save_model(recipe.model(), recipe, path)
    with pytest.raises(TableError, match="is there already"):
        require_free(path)
    assert path.read_bytes() == before
    require_free(path, overwrite=True)
    save_model(recipe.model(), recipe, path, overwrite=True)
