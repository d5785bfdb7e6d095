"""The judge: oracles that must agree, own forward first, a name only with evidence."""

from __future__ import annotations

from backproof.checking.judge.judge import GUESS, judge, settle

__all__ = ["GUESS", "judge", "settle"]
