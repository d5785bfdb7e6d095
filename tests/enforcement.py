"""What turns annotations into assertions: beartype, with an int where a float is asked for, as in PEP 484."""

from __future__ import annotations

import beartype

__all__ = ["typechecker"]

typechecker = beartype.beartype(conf=beartype.BeartypeConf(is_pep484_tower=True))
