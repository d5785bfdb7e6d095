"""The optimizers are tested as users have them."""

from __future__ import annotations

import pytest


@pytest.fixture(autouse=True)
def _as_users_have_it(not_enforced: None) -> None:
    """Take the annotations' assertions off."""
