"""Routings: prediction, consensus, evidence and times. Arithmetic without input or output."""
