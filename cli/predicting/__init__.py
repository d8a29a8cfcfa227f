"""Predictions from the command line, one item or a whole list."""
