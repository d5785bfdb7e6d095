"""Derivations, proofs and checks: gradients as formulas, each step of which is shown to be right."""
