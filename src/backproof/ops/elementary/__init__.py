"""Elementary ops, of which graphs are made, one family a file."""
