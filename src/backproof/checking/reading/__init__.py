"""Reading what a user points at: paths, scripts, notebooks, and the comments in them."""
