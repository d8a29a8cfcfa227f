"""The settings follow the plant: another input profile brings its columns, its tables and its name for the product's output profile."""

from __future__ import annotations

from sqlalchemy.orm import Session

from auth_service.control.settings import Saver, find, parse
from auth_service.mapping import profiles, sql_section
from auth_service.store.active_profiles import active_profiles
from plant.input_profile import InputProfile
from plant.mechanical_seals import is_of_seals
from plant.settings import PlantSettings
from plant.settings.of_plant import of_plant


def active_input(session: Session) -> InputProfile:
    """The active input profile.

    Raises:
        InvalidInput: it cannot be read.
    """
    return InputProfile.read(active_profiles(session)[0])


def follow(session: Session, before: InputProfile, saver: Saver, *, author: str, now: float) -> None:
    """Bring the settings in line with the active input profile where it says otherwise than `before`.

    Args:
        saver: what belongs to saving a revision of the settings.

    Raises:
        InvalidInput: what somebody has changed in the settings does not fit a rule any more.
    """
    after = active_input(session)
    if (before.plant, before.tables) == (after.plant, after.tables):
        return
    profiles.call_product_profile(session, before.plant, after.plant)
    document = parse(find(session, 0))
    comment = f"input profile {after.name}"
    changed = of_plant(document, before, after)
    if sql_section.store_changed(session, document, changed, author=author, comment=comment, now=now):
        newest = find(session, 0)
        saver(session, newest.revision, parse(newest))


def catch_up(session: Session, saver: Saver, *, now: float) -> None:
    """Bring settings that are still the seal plant's in line with an active profile of another plant.

    Raises:
        InvalidInput: as `follow`.
    """
    columns = parse(find(session, 0)).sql.available_columns
    if columns == PlantSettings().sql.available_columns and not is_of_seals(active_input(session).plant):
        follow(session, InputProfile.built_in(), saver, author="system", now=now)
