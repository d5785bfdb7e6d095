"""Benchmarks: side by side with peers in one run; medians and ratios. ``make bench`` runs them."""
