"""The rooms of the package know only those below them, and nothing heavy is imported before it is needed."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

import backproof

ROOT = Path(backproof.__file__).parent

FOUNDATION = {"_files", "_names", "_terminal", "_typing"}
DEFINITIONS = {"ops", "updates", "diagnoses"}
LIBRARIES = {"nn", "optim", "torch"}
#: These stand side by side: each may use what another exports, and nothing inside it.
SIDE_BY_SIDE = {"checking", "graphs", "training"}
#: What each room may import of the package, besides itself.
ALLOWED: dict[str, set[str]] = {
    **{room: set() for room in FOUNDATION},
    **dict.fromkeys(DEFINITIONS, FOUNDATION),
    **dict.fromkeys(LIBRARIES, FOUNDATION | DEFINITIONS),
    # The package itself, for its version and its place on the disk.
    **{room: FOUNDATION | DEFINITIONS | LIBRARIES | SIDE_BY_SIDE | {"__init__"} for room in SIDE_BY_SIDE},
}
#: One line that leads up: `Module.fit` calls the verb.
LOOKING_UP = {"backproof.nn.module": {"training"}}
#: The front doors: they may lead to every room.
DOORS = {"__init__", "__main__", "cli", "cli_graphs", "cli_train", "pytest_plugin"}

#: Slow to import, or not installed with the package: imported inside the functions that need them.
HEAVY = {
    "torch",
    "array_api_compat",
    "scipy",
    "sympy",
    "mpmath",
    "matplotlib",
    "nbformat",
    "safetensors",
    "rich",
    "typer",
    "jax",
    "polars",
    "pandas",
    "sklearn",
}
#: Who may import some of it at once, being imported only when it is needed.
EXCEPT = {
    "cli": {"typer"},  # it is the command line
    "cli_graphs": {"typer"},  # so is this
    "cli_train": {"typer"},  # and this
    "torch": {"torch", "array_api_compat"},  # it is imported to be used with PyTorch
    "checking/adapt/components/lifting": {"torch"},  # it is imported to lift PyTorch's casts
    "checking/adapt/following/tensors": {"torch"},  # it is imported to follow tensors
    "checking/report": {"rich"},  # it is imported to print a report
    "diagnoses/terminal": {"rich"},  # it is imported to print a page
    "graphs/symbols": {"sympy"},  # it is imported to write formulas
    "training/plots": {"matplotlib"},  # it is imported to draw a plot
    "training/engines/torch": {"torch"},  # it is imported to run modules of PyTorch
    "training/comparing": {"torch"},  # it is imported to compare with PyTorch
    "training/comparing/figures": {"matplotlib"},  # it is imported to draw a comparison
    "training/tables": {"polars"},  # it is imported to read a table
    "training/estimators": {"sklearn"},  # it is imported for estimators, which derive from scikit-learn's
    "graphs/deriving": {"sympy", "mpmath"},  # so is this, by derive, prove and check
}


@dataclass(frozen=True)
class Import:
    """An import: the full name of what is imported, and when."""

    name: str
    line: int
    at_once: bool


def imports(source: str, module: str) -> Iterator[Import]:
    """Find every import in a module's source, with those only for type checkers counted as not at once."""
    package = module.split(".")

    def visit(node: ast.AST, at_once: bool) -> Iterator[Import]:
        if isinstance(node, ast.Import):
            yield from (Import(alias.name, node.lineno, at_once) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = ".".join(package[: len(package) - node.level]) if node.level else ""
            start = ".".join(filter(None, (base, node.module)))
            yield from (Import(f"{start}.{alias.name}", node.lineno, at_once) for alias in node.names)
        else:
            later = isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
            typing_only = isinstance(node, ast.If) and ast.unparse(node.test).endswith("TYPE_CHECKING")
            for child in ast.iter_child_nodes(node):
                otherwise = typing_only and isinstance(node, ast.If) and child in node.orelse
                yield from visit(child, at_once and not later and (not typing_only or otherwise))

    yield from visit(ast.parse(source), at_once=True)


def room(name: str) -> str:
    """Give the room that a module of the package is in: ``backproof.ops.op`` is in ``ops``."""
    inner = name.split(".")[1:]
    return "__init__" if not inner or inner[0].startswith("__version") else inner[0]


def breaches(module: str, source: str) -> list[str]:
    """Say what in a module's source is against the layers."""
    here = room(module)
    found = []
    for each in imports(source, module):
        parts = each.name.split(".")
        if parts[0] != "backproof":
            if each.at_once and parts[0] in HEAVY - _excepted(module):
                found.append(f"{module}:{each.line} imports {parts[0]} at once")
            continue
        there = room(each.name)
        if here in DOORS or there == here:
            continue
        if there not in ALLOWED.get(here, set()) | LOOKING_UP.get(module, set()):
            found.append(f"{module}:{each.line} imports {there}, which is not below {here}")
        elif (
            there in SIDE_BY_SIDE
            and module not in LOOKING_UP
            and (len(parts) > 3 or parts[-1].startswith("_") or _is_module(parts))
        ):
            found.append(f"{module}:{each.line} reaches into {there}: {each.name}")
    return found


def _excepted(module: str) -> set[str]:
    path = "/".join(module.split(".")[1:])
    return {
        name
        for start, names in EXCEPT.items()
        if path == start or path.startswith(start + "/")
        for name in names
    }


def _is_module(parts: list[str]) -> bool:
    return len(parts) == 3 and (ROOT / parts[1] / f"{parts[2]}.py").exists()


def name_of(path: Path) -> str:
    """Give the dotted name of a file; a package's own file ends in ``__init__``."""
    return ".".join(("backproof", *path.relative_to(ROOT).with_suffix("").parts))


FILES = sorted(ROOT.rglob("*.py"))


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_layers(path: Path) -> None:
    assert not breaches(name_of(path), path.read_text("utf-8"))


def test_every_room_has_its_layer() -> None:
    rooms = {path.relative_to(ROOT).parts[0].removesuffix(".py") for path in FILES}
    assert rooms <= ALLOWED.keys() | DOORS


# --- Planted breaches ---------------------------------------------------------------------------

PLANTED = {
    "a definition knows the checker": (
        "backproof.ops.op",
        "from backproof.checking import check",
        "checking",
    ),
    "a definition knows another": ("backproof.ops.op", "import backproof.updates", "updates"),
    "in a function, too": ("backproof.nn.linear", "def f():\n    import backproof.checking", "checking"),
    "for types only, too": (
        "backproof.nn.linear",
        "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from backproof import graphs",
        "graphs",
    ),
    "by a relative name": ("backproof.updates.adam", "from ..checking.bounds import bound", "checking"),
    "inside a neighbour": (
        "backproof.graphs.draw",
        "from backproof.checking.findings import Finding",
        "reaches",
    ),
    "a neighbour's module": ("backproof.graphs.draw", "from backproof.checking import findings", "reaches"),
    "a neighbour's own business": ("backproof.graphs.draw", "from backproof.checking import _x", "reaches"),
    "torch at once": ("backproof.checking.adapt", "import torch.nn as nn", "torch at once"),
    "in a class": ("backproof.ops.op", "class A:\n    import scipy.special", "scipy at once"),
    "in a try": (
        "backproof.cli",
        "try:\n    import rich\nexcept ImportError:\n    rich = None",
        "rich at once",
    ),
    "not for types": (
        "backproof.cli",
        "if TYPE_CHECKING:\n    x = 1\nelse:\n    import torch",
        "torch at once",
    ),
}
FINE = {
    "its own room": ("backproof.ops.op", "from backproof.ops.domain import Argument"),
    "below": (
        "backproof.checking.oracles",
        "from backproof.ops.catalogue import CATALOGUE\nimport backproof._typing",
    ),
    "the version": ("backproof.checking.report", "import backproof\nfrom backproof import __version__"),
    "a neighbour's public name": ("backproof.graphs.draw", "from backproof.checking import check"),
    "torch when needed": ("backproof.checking.adapt", "def f():\n    import torch"),
    "torch for types": ("backproof.checking.adapt", "if TYPE_CHECKING:\n    import torch"),
    "our torch, which is another": ("backproof.cli", "def f():\n    from backproof.torch import nn"),
    "the command line's own": ("backproof.cli", "import typer"),
    "the report's own": ("backproof.checking.report.text", "from rich.table import Table"),
    "a door": ("backproof.__init__", "from backproof.checking.findings import Report"),
}


@pytest.mark.parametrize(("module", "source", "said"), PLANTED.values(), ids=PLANTED)
def test_a_planted_breach_is_found(module: str, source: str, said: str) -> None:
    found = breaches(module, source)
    assert len(found) == 1
    assert said in found[0]


@pytest.mark.parametrize(("module", "source"), FINE.values(), ids=FINE)
def test_what_is_allowed_is_not_found(module: str, source: str) -> None:
    assert not breaches(module, source)
