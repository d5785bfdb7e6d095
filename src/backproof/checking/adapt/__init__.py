"""Adapters: each style of writing a component behind the one narrow call of the checker.

One file a style: `torch_module`, `autograd_function`, `numpy_class`, `function_pair`,
`torch_optimizer`, `numpy_optimizer`. What they share: names and signatures (`names`, `signatures`,
`kinds`), filling arguments (`filling`, `backwards`, `hyperparameters`), running (`execution`,
`manual`, `autograd`, `courses`) and reading back (`returned`, `slots`, `layouts`).
"""
