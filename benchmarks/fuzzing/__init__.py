"""Bytes from elsewhere, made up by the thousand: what reads them answers or refuses in the product's own words, and nothing else."""
