"""Versions that the monolith wrote."""
