"""Faults on purpose: the product is killed, stopped, starved, cut off and flooded, and what was confirmed has to be there afterwards."""
