"""Output profiles: the columns that results are put out with; `application` applies one to rows and checks their values."""

from plant.output_profile.profile import KNOWN_COLUMNS, OutputColumn, OutputProfile

__all__ = ["KNOWN_COLUMNS", "OutputColumn", "OutputProfile"]
