"""What to try of each elementary op, and what is peculiar to it."""

from __future__ import annotations

from tests.ops.row import Row

ROWS: dict[str, Row] = {}
