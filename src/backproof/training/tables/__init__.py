"""Tables: from a file of rows and columns to a trained model, and from that model to predictions.

A table is read, its columns are understood as numbers or as words, and both are made numbers that a model
takes. How that was done is the recipe, which is kept in the model's file: predicting needs nothing else.
"""

from __future__ import annotations

try:
    import polars as pl  # noqa: F401 - whoever imports a part of this gets here first
except ModuleNotFoundError as error:
    raise ModuleNotFoundError(
        'tables are read with polars, which is not installed: pip install "backproof[train]"', name=error.name
    ) from None
