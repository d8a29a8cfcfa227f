"""Bodies of `/api/plant`."""

from __future__ import annotations

from gateway.schemas.wire import AnswerModel


class Words(AnswerModel):
    """What people call something, in English and Korean."""

    label: str
    label_ko: str


class PlantFeature(Words):
    """A feature of an item: how its values compare, its weight, the heading it is shown under."""

    name: str
    kind: str
    group: str
    unit_from: str | None = None
    weight: float
    active: bool


class PlantItem(AnswerModel):
    """Columns of an item that screens show, by their role; "" where the plant has none."""

    name: str
    drawing: str
    revision: str
    specification: str
    details: str
    material: str
    levels: list[str]


class PlantResponse(Words):
    """The plant in its own words."""

    name: str
    profile: str
    features: list[PlantFeature]
    columns: dict[str, Words]
    item: PlantItem
    weight_profiles: dict[str, Words]
    output_columns: list[str]
