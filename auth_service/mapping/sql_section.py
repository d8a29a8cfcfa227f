"""The `sql` section of the settings document as the view of the output profiles that older clients know, in both directions."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence

from sqlalchemy.orm import Session

from auth_service.control.settings import find, parse, store
from auth_service.mapping import profiles
from auth_service.mapping.profile_kinds import OUTPUT
from auth_service.store.active_profiles import active_schema
from plant.blueprint.pipeline import reconcile
from plant.output_profile import OutputColumn, OutputProfile
from plant.schema import PlantSchema
from plant.settings import PlantSettings, difference
from plant.settings.sections import ColumnProfile, SqlSection


def sql_view(session: Session, sql: SqlSection) -> SqlSection:
    """The section as the stored output profiles are: columns and aliases of the active one, the valid ones by name.

    Columns that are not available to older clients (such as RANK) are left out.

    Args:
        sql: where the available columns come from, and the output columns where the active profile has none of them.
    """
    available = set(sql.available_columns)
    stored = {profile.name: profile for profile in profiles.list_profiles(session, OUTPUT, sql.available_columns)}
    active = next(profile for profile in stored.values() if profile.active)
    content = OutputProfile.read(active.inspected.json)
    listed = [stored[name] for name in profiles.list_names(session, OUTPUT) if stored[name].valid]
    return SqlSection(
        output_columns=[source for source in content.sources if source in available] or sql.output_columns,
        column_aliases=_shown_aliases(content, available),
        available_columns=sql.available_columns,
        profiles=[_column_profile(OutputProfile.read(profile.inspected.json), available) for profile in listed],
        active_profile=active.name,
    )


def _column_profile(profile: OutputProfile, available: Collection[str]) -> ColumnProfile:
    mapping = _shown_aliases(profile, available)
    return ColumnProfile(name=profile.name, description=profile.description or None, mapping=mapping)


def _shown_aliases(profile: OutputProfile, available: Collection[str]) -> dict[str, str]:
    return {alias: column for alias, column in profile.aliases.items() if column in available}


def take_over(session: Session, before: PlantSettings, after: PlantSettings, author: str, now: float) -> PlantSettings:
    """Bring the output profiles in line with a changed `sql` section; returns the document with the section as they are then.

    Columns named anew become columns of the active profile as predictions have them; columns that stay keep their names, formats and
    checks; constants, and columns that the section cannot show, stay at the end.

    Raises:
        InvalidInput: a profile would become invalid.
    """
    old, new = before.sql, after.sql
    if old == new:
        return after
    editor = _Editor(session, author, now, new.available_columns)
    listed = {profile.name: profile for profile in old.profiles}
    for wanted in new.profiles:
        if listed.get(wanted.name) != wanted:
            editor.put(wanted)
    if new.active_profile is not None:
        editor.activate(new.active_profile)
    for name in listed:
        if name not in {profile.name for profile in new.profiles}:
            editor.remove(name)
    if new.output_columns != old.output_columns:
        editor.change_active(lambda profile: {"columns": _columns(profile, new, active_schema(session))})
    if new.column_aliases != old.column_aliases:
        editor.change_active(lambda profile: {"aliases": _aliases(profile, new.column_aliases, new.available_columns)})
    return _with_sql(after, sql_view(session, new))


class _Editor:
    """Changes stored output profiles in the name of somebody who changed the section."""

    def __init__(self, session: Session, author: str, now: float, available: Sequence[str]) -> None:
        self._session, self._author, self._now, self._available = session, author, now, available
        self._plant = active_schema(session)

    def put(self, wanted: ColumnProfile) -> None:
        """Create or change the profile of that name."""
        description = wanted.description or ""
        if wanted.name.casefold() not in {name.casefold() for name in profiles.list_names(self._session, OUTPUT)}:
            start = {"name": wanted.name, "description": description, "aliases": dict(wanted.mapping)}
            self._save("", OutputProfile.default(self._plant).model_copy(update=start))
            return
        self._change(
            wanted.name,
            lambda profile: {
                "description": description,
                "aliases": _aliases(profile, wanted.mapping, self._available),
            },
        )

    def activate(self, name: str) -> None:
        """Make it the active one."""
        profiles.activate(self._session, OUTPUT, name, author=self._author, now=self._now, available=self._available)

    def remove(self, name: str) -> None:
        """Delete it, unless it is active."""
        record = profiles.active_record(self._session, OUTPUT)
        if record.name != name and name in profiles.list_names(self._session, OUTPUT):
            profiles.delete(self._session, OUTPUT, name)

    def change_active(self, changes: Callable[[OutputProfile], Mapping[str, object]]) -> None:
        """Change the active one."""
        self._change(profiles.active_record(self._session, OUTPUT).name, changes)

    def _change(self, name: str, changes: Callable[[OutputProfile], Mapping[str, object]]) -> None:
        stored = OutputProfile.read(profiles.get(self._session, OUTPUT, name).inspected.json)
        self._save(name, stored.model_copy(update=dict(changes(stored))))

    def _save(self, name: str, profile: OutputProfile) -> None:
        profiles.save(
            self._session,
            OUTPUT,
            profile.to_json(),
            name=name,
            comment="the sql section of the settings",
            author=self._author,
            now=self._now,
            available=self._available,
        )


def _columns(profile: OutputProfile, sql: SqlSection, plant: PlantSchema) -> tuple[OutputColumn, ...]:
    present = {profile.column_of(column.source): column for column in reversed(profile.columns) if column.source}
    hidden = [
        column
        for column in profile.columns
        if not column.source or profile.column_of(column.source) not in sql.available_columns
    ]
    return (*(present.get(source) or OutputColumn.of(source, plant) for source in sql.output_columns), *hidden)


def _aliases(profile: OutputProfile, wanted: Mapping[str, str], available: Collection[str]) -> dict[str, str]:
    hidden = {alias: column for alias, column in profile.aliases.items() if column not in available}
    return {**wanted, **hidden}


def _with_sql(document: PlantSettings, sql: SqlSection) -> PlantSettings:
    return PlantSettings.of({**document.to_dict(), "sql": sql.model_dump(mode="json")})


def refresh_settings(session: Session, *, author: str, comment: str, now: float) -> None:
    """Store a revision of the settings whose `sql` section is as the output profiles are, when it is not."""
    before = parse(find(session, 0))
    store_changed(session, before, before, author=author, comment=comment, now=now)


def store_changed(
    session: Session, before: PlantSettings, after: PlantSettings, *, author: str, comment: str, now: float
) -> bool:
    """Store a revision of the settings whose `sql` section is as the output profiles are; returns whether anything differs."""
    after = _with_sql(after, sql_view(session, after.sql))
    if after == before:
        return False
    after = reconcile(before, after)
    changes, revision = difference(before, after), find(session, 0).revision + 1
    store(session, after, changes, revision=revision, author=author, comment=comment[:1000], now=now)
    return True
