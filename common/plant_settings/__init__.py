"""The settings document of the plant: its sections and defaults, what makes it valid, how a change is merged, what differs."""

from common.plant_settings.change import Change, difference, merge
from common.plant_settings.document import PlantSettings
from common.plant_settings.violations import CHANGED_MEANWHILE, UNKNOWN_NAME, refuse

__all__ = ["CHANGED_MEANWHILE", "UNKNOWN_NAME", "Change", "PlantSettings", "difference", "merge", "refuse"]
