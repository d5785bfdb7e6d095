"""The edges: kinks, ties, clamps, limits, and the ends of the range."""
