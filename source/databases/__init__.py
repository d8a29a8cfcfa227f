"""Databases as sources: SQLite files, PostgreSQL, and whatever has an ODBC driver."""
