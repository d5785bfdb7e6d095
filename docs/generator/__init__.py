"""Makes the reference and the table of accuracy in `docs/` from the catalogues."""
