"""Faults made on purpose, bounded and on this machine only: attacks, overload, kills, fuzzing."""
