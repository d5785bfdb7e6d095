"""Files for the tests of reading and running: scripts and notebooks with given content."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from textwrap import dedent
from typing import Any


def script(folder: Path, text: str, name: str = "script.py") -> Path:
    path = folder / name
    path.write_text(dedent(text), encoding="utf-8")
    return path


def cell(source: str, kind: str = "code") -> dict[str, Any]:
    content: dict[str, Any] = {"cell_type": kind, "metadata": {}, "source": dedent(source)}
    if kind == "code":
        content |= {"execution_count": None, "outputs": []}
    return content


def document(cells: Sequence[str | dict[str, Any]], **metadata: Any) -> dict[str, Any]:
    """Give a notebook of version 4, as JSON has it; text stands for a code cell."""
    return {
        "cells": [cell(c) if isinstance(c, str) else c for c in cells],
        "metadata": metadata,
        "nbformat": 4,
        "nbformat_minor": 4,
    }


def notebook(folder: Path, *cells: str | dict[str, Any], name: str = "book.ipynb") -> Path:
    path = folder / name
    path.write_text(json.dumps(document(cells)), encoding="utf-8")
    return path
