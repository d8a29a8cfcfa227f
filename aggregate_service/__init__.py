"""Routings, times and master data from a snapshot of the source database."""
