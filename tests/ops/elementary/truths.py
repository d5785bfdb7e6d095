"""The true values of the elementary ops, and the accuracy to expect."""

from __future__ import annotations

from tests.ops.truth import Truth

TRUTHS: dict[str, Truth] = {}
