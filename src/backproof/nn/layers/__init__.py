"""Layers, one family a file: modules with parameters, chance or a state."""
