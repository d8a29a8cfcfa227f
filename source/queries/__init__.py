"""Roles as SQL queries over a source's tables, run apart from the process that asks, without files or network and within bounds."""

from source.queries.checking import named_tables
from source.queries.queried_source import QueriedSource
from source.queries.running import QueryBounds

__all__ = ["QueriedSource", "QueryBounds", "named_tables"]
