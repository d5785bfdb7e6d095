"""Keeps pytest out of the specimens: they hold no tests, and some print or wait when they are imported."""

from __future__ import annotations

collect_ignore_glob = ["*/right/*", "*/wrong/*"]
