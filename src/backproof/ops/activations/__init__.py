"""Activations, one family a file."""
