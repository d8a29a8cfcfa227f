"""Output profiles: the columns that results are put out with, and what is checked about their values."""

from plant.output_profile.application import Applied, Finding, apply_profile
from plant.output_profile.profile import KNOWN_COLUMNS, OutputColumn, OutputProfile

__all__ = ["KNOWN_COLUMNS", "Applied", "Finding", "OutputColumn", "OutputProfile", "apply_profile"]
