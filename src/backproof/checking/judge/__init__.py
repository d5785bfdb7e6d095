"""The judge: oracles that must agree, own forward first, a name only with evidence.

`judge` begins it and ends it; `component` goes through the rooms: `preparing` finds out how the candidate
is called, then come its forward, its `gradients`, its `edges` and the other `examinations`. Optimizers have
their own. What the rooms share: `examination`, `own`, `directions`, `measured`, `forward`, `discipline`.
"""

from __future__ import annotations

from backproof.checking.judge.judge import GUESS, judge, settle

__all__ = ["GUESS", "judge", "settle"]
