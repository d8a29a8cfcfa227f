"""Mapping profiles, the blueprint of the pipeline, and what a change of either does to the plant."""
