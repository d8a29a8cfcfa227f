"""Similarity search over the items of the active model version. Run as `python -m ann_service`."""

from common.heap import keep_heaps_few

keep_heaps_few()
