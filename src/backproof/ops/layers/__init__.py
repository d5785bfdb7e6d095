"""Layers: ops with parameters among their arguments, one family a file."""
