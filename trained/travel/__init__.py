"""Versions on several hosts: their files lie in a store by their content, and every host fetches what it has not got."""

from trained.travel.cache import Located, VersionCache
from trained.travel.places import Place, place_of

__all__ = ["Located", "Place", "VersionCache", "place_of"]
