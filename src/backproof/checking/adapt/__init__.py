"""Adapters: each style of writing a component behind the one narrow call of the checker.

`recognition` and `functions` find the candidates among the definitions of a file. The rooms, each
standing on those before it: `words` (what code says before it runs), `filling` (arguments and
instances), `following` (a forward with a tangent), `components` and `optimizers` (one file a style)
and `objectives` (losses of their own data). `execution` runs the user's code, `libraries` hands it arrays.
"""
