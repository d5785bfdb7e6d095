"""Training: data, a loop, engines that run its steps, the history of it, checkpoints, plots.

The verbs are ``bp.fit``, ``bp.compare`` and ``bp.find_lr``.
"""
