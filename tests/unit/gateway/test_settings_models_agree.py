"""What REST shows and takes of the settings document has the fields of the document, section by section."""

from __future__ import annotations

from typing import Any, get_args

import pytest
from pydantic import BaseModel

from gateway.schemas.workflow import PlantSettingsResponse, WorkflowConfigPatch, WorkflowConfigResponse
from plant.settings import PlantSettings

NOT_CHANGED_BY_CLIENTS = {
    "graph": {"last_saved"},
    "data_source": {"shading_palette", "version_hint"},
}
"""Fields that answers have and that older clients never could change."""


def model_in(annotation: Any) -> type[BaseModel] | None:
    """The model that a field's type names, also within an optional type; None when it names none."""
    for part in (annotation, *get_args(annotation)):
        if isinstance(part, type) and issubclass(part, BaseModel):
            return part
    return None


@pytest.mark.parametrize("section", list(PlantSettings.model_fields))
def test_a_patch_can_name_every_field_of_the_document_that_clients_change(section: str) -> None:
    stored = model_in(PlantSettings.model_fields[section].annotation)
    patch = model_in(WorkflowConfigPatch.model_fields[section].annotation)
    assert stored is not None
    assert patch is not None
    assert set(patch.model_fields) == set(stored.model_fields) - NOT_CHANGED_BY_CLIENTS.get(section, set())
    assert all(field.default is None for field in patch.model_fields.values())


@pytest.mark.parametrize("section", list(PlantSettings.model_fields))
def test_an_answer_has_every_section_with_every_field(section: str) -> None:
    assert section in PlantSettingsResponse.model_fields
    shown = model_in(PlantSettingsResponse.model_fields[section].annotation)
    stored = model_in(PlantSettings.model_fields[section].annotation)
    assert stored is not None
    if section in WorkflowConfigResponse.model_fields:
        assert shown is not None
        assert set(shown.model_fields) == set(stored.model_fields)
        for name, field in stored.model_fields.items():
            described = shown.model_fields[name].default
            if isinstance(described, str | bool | int | float):
                assert described == field.default, name
