"""What changes when another mapping profile becomes active: which columns, and what must be read or trained again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from plant.input_profile import InputProfile
from plant.output_profile import OutputProfile
from plant.schema import FEATURES, ROLES


@dataclass(frozen=True)
class Effects:
    """What an activation means.

    Attributes:
        refresh_needed: why the snapshot of the source must be read again; "" when not.
        training_needed: why the model must be trained again; "" when not.
        changed_columns: internal (or output) columns whose mapping differs.
    """

    refresh_needed: str = ""
    training_needed: str = ""
    changed_columns: Sequence[str] = ()


def of_input(before: InputProfile, after: InputProfile) -> Effects:
    """What it means that `after` takes the place of `before`."""
    changed: list[str] = []
    known = after.plant.feature_by_name
    features = bool(before.plant.cannot_serve(after.plant)) or before.plant.weights != after.plant.weights
    for role in ROLES:
        old, new = before.columns_of(role), after.columns_of(role)
        other_table = _table(before, role) != _table(after, role)
        for name in {**before.plant.columns(role), **after.plant.columns(role)}:
            if other_table or old.get(name) != new.get(name):
                changed.append(f"{role}.{name}")
                features |= role == FEATURES and name in known
    if before.plant != after.plant:
        changed.append("schema")
    if not changed:
        return Effects()
    return Effects(
        f"{len(changed)} columns are read from elsewhere or in another way: refresh the snapshot of the source",
        (
            "Features of the items are mapped differently: train a new version, the active one still knows the old mapping"
            if features
            else ""
        ),
        changed,
    )


def _table(profile: InputProfile, role: str) -> str:
    return {str(key): table for key, table in profile.tables.items()}.get(role, "").strip()


def of_output(before: OutputProfile, after: OutputProfile) -> Effects:
    """What it means that `after` takes the place of `before`: exports look different, nothing is read or trained again."""
    old = {column.name: column for column in before.columns}
    new = {column.name: column for column in after.columns}
    names = [*new, *(name for name in old if name not in new)]
    return Effects(changed_columns=[name for name in names if old.get(name) != new.get(name)])
