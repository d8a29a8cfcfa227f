"""Training: reads the items of a source, encodes them, builds and measures the index, writes and registers the version."""
