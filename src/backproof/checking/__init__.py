"""The checker: discover → adapt → cases → oracles → compare → diagnose → report."""
