"""Where exports may go: the state folder's export folder and listed folders, whatever the way there looks like."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.errors import PreconditionFailed
from common.settings import Settings
from plant.export_folder import export_folder, folder_problem


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    for name in ("state/secrets", "state/deliverables", "state/snapshots", "models", "shared/erp", "elsewhere"):
        (tmp_path / name).mkdir(parents=True)
    return Settings(_env_file=None, state_dir=tmp_path / "state", models_dir=tmp_path / "models")


@pytest.mark.parametrize("directory", ["deliverables/exports", "deliverables", "./deliverables/a/../b"])
def test_the_state_folders_own_export_folder_needs_no_list(directory: str, settings: Settings) -> None:
    assert export_folder(directory, [], settings).is_relative_to(settings.state_dir / "deliverables")


@pytest.mark.parametrize(
    "directory",
    [
        "/etc",
        "../../..",
        "/",
        "/proc/1",
        "/tmp",
        ".",
        "secrets",
        "snapshots/x",
        "deliverables/../secrets",
        "deliverables-2",
        "../models",
        "../elsewhere",
        "\\\\host\\share",
        "//host/share",
        "\\\\?\\UNC\\host\\share",
        "~",
        "~nobody-of-that-name/x",
        "..",
        "a\0b",
    ],
)
def test_every_other_place_is_refused_when_it_is_set_and_when_it_is_used(directory: str, settings: Settings) -> None:
    assert folder_problem(directory, [], settings)
    with pytest.raises(PreconditionFailed, match="allowed_folders") as refused:
        export_folder(directory, [], settings)
    assert str(settings.state_dir) not in refused.value.message


def test_a_listed_folder_is_allowed_with_what_is_below_it(settings: Settings, tmp_path: Path) -> None:
    listed = [str(tmp_path / "shared")]
    assert export_folder(str(tmp_path / "shared" / "erp"), listed, settings) == tmp_path / "shared" / "erp"
    assert export_folder("../shared/new", listed, settings) == tmp_path / "shared" / "new"
    assert folder_problem(str(tmp_path / "shared-2"), listed, settings)


@pytest.mark.parametrize("kept", ["state", "state/secrets", "state/run", "models", "models/v1", "state/logs"])
def test_no_list_opens_the_folders_of_the_product_and_of_the_system(
    kept: str, settings: Settings, tmp_path: Path
) -> None:
    assert "belongs to" in folder_problem(str(tmp_path / kept), [str(tmp_path)], settings)
    assert "belongs to" in folder_problem("/", ["/"], settings)
    assert "belongs to" in folder_problem(
        "/etc/routing" if os.name != "nt" else os.environ["SYSTEMROOT"], ["/"], settings
    )


@pytest.mark.skipif(os.name == "nt", reason="links need rights there")
def test_links_are_followed_before_it_is_decided(settings: Settings, tmp_path: Path) -> None:
    (settings.state_dir / "deliverables" / "out").symlink_to(tmp_path / "elsewhere")
    (settings.state_dir / "deliverables" / "keys").symlink_to(settings.state_dir / "secrets")
    (tmp_path / "shared" / "up").symlink_to(tmp_path)
    assert folder_problem("deliverables/out", [], settings)
    assert folder_problem("deliverables/keys", [str(settings.state_dir)], settings)
    assert folder_problem(str(tmp_path / "shared" / "up" / "elsewhere"), [str(tmp_path / "shared")], settings)
    assert export_folder("deliverables/out", [str(tmp_path / "elsewhere")], settings) == tmp_path / "elsewhere"


@given(st.text(max_size=40))
def test_whatever_is_set_leads_into_the_export_folder_or_nowhere(directory: str) -> None:
    settings = Settings(_env_file=None, state_dir=Path("/plant/state"))
    try:
        path = export_folder(directory, [], settings)
    except PreconditionFailed:
        return
    assert path.is_relative_to("/plant/state/deliverables")
