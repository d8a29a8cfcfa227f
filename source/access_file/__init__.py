"""Access files (.accdb, .mdb) read as they are stored: no driver, on every operating system."""

from source.access_file.access_source import AccessFileSource

__all__ = ["AccessFileSource"]
