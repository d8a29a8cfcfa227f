"""What all processes need and no domain: settings, logs, errors, identity, RPC, artifacts, sources, processes."""

__version__ = "1.0.0"
