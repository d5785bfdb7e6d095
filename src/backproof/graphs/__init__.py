"""Graphs: a computation with every value, local gradient and path, derived, proven and drawn."""
