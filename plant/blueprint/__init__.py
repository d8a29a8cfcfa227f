"""The blueprint: the pipeline as nodes and edges, checked against the node types, turned into options and a Python wrapper."""
