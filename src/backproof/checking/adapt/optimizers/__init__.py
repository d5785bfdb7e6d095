"""Optimizers by the way they are written: each behind one course of steps."""
