"""Similarity search over the items of the active model version. Run as `python -m ann_service`."""
