"""Training: reads the items of a source, encodes them, builds and measures the index, writes and registers the version."""

from common.heap import keep_heaps_few

keep_heaps_few()
