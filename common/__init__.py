"""What a process is, whatever it serves: settings, logs, errors, identity, RPC, files, and the processes it starts."""

__version__ = "1.0.0"
