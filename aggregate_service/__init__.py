"""Routings, times and master data from a snapshot of the source database."""

from common.heap import keep_heaps_few

keep_heaps_few()
