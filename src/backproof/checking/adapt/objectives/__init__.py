"""Losses of their own data and parameters that give their gradients as well."""
