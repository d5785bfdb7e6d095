"""Write the gradient by hand, and know that it is right."""

from __future__ import annotations

__version__ = "0.1.0"
