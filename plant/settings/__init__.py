"""The settings document of the plant: its sections and defaults, what makes it valid, how a change is merged, what differs."""

from plant.settings.change import Change, difference, merge
from plant.settings.document import PlantSettings
from plant.settings.violations import CHANGED_MEANWHILE, UNKNOWN_NAME, refuse

__all__ = ["CHANGED_MEANWHILE", "UNKNOWN_NAME", "Change", "PlantSettings", "difference", "merge", "refuse"]
