"""Bodies of `/api/plant`."""

from __future__ import annotations

from gateway.schemas.trainer import TrainingStatusModel
from gateway.schemas.wire import AnswerModel


class Words(AnswerModel):
    """What people call something, in English and Korean."""

    label: str
    label_ko: str


class PlantChoice(Words):
    """A plant that can serve here: the own one, the demo, or one that comes with the product.

    `version_name` is the newest version that was trained for it and may become active; null: it is trained first.
    """

    name: str
    about: str
    about_ko: str
    path: str
    profile: str
    serving: bool
    version_name: str | None = None


class PlantChoicesResponse(AnswerModel):
    """The plants that can serve here, and whether the source is fixed by the installation, so that only the one that serves can."""

    items: list[PlantChoice]
    fixed: bool
    training_by_api: bool


class PlantServedResponse(AnswerModel):
    """What became of it: the plant serves with `version_name`, or it is being trained for first and serves when that is done."""

    name: str
    serving: bool
    version_name: str | None = None
    training: TrainingStatusModel | None = None


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
    """The plant in its own words. `units`: unit of item columns whose numbers the input profile converts; others name it row by row.

    `group_sites`: the other sites whose items may be searched from here, "" the installation's own plant; none where there is no group.
    """

    name: str
    profile: str
    features: list[PlantFeature]
    columns: dict[str, Words]
    item: PlantItem
    weight_profiles: dict[str, Words]
    units: dict[str, str]
    output_columns: list[str]
    group_sites: list[str] = []
