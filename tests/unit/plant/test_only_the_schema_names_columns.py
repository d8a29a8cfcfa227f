"""Only the seal plant's schema, and what older programs or clients have written, names its columns: everything else reads them there."""

from __future__ import annotations

import re
from pathlib import Path

from plant.mechanical_seals import MECHANICAL_SEALS, TABLES
from plant.output_profile.profile import KNOWN_COLUMNS
from plant.schema import OF_ROUTING, PlantSchema
from tests.support.project_files import project_files

ROOT = Path(__file__).resolve().parents[3]

PERMITTED = {
    "gateway/schemas/operations.py",  # the operation of the contract with clients, whatever the plant
}
"""Files of the program that name columns of the seal plant."""
PERMITTED_SCREENS = {
    "frontend/src/screens/routing/store/operation.ts",  # rows of the contract, also of groups that were saved long ago
    "frontend/src/api/schema.ts",  # generated from the contract
}
FOLDERS = (
    "tests/",
    "benchmarks/",
    "demo/",
    "trained/older/",
    "routing_ml_client/",
    "auth_service/migrations/",
    "protos/",
)

ANY = PlantSchema.model_validate({"name": "any", "features": [{"name": "a", "kind": "text"}]})


def seal_names() -> set[str]:
    """Names of the seal plant that no other plant has by the contract."""
    of_any = {name for role in ANY.tables for name in ANY.columns(role)} | set(OF_ROUTING)
    own = {name for role in MECHANICAL_SEALS.tables for name in MECHANICAL_SEALS.columns(role)} | set(KNOWN_COLUMNS)
    common = {"IDLE_TIME", "TIME_UNIT", "PROC_CD", "PROC_DESC", "RANK", "ACT_SETUP_TIME", "ACT_RUN_TIME"}
    return {name for name in (own | set(TABLES.values())) - of_any - common if len(name) > 5}


def test_the_program_names_no_column_of_one_plant() -> None:
    names = re.compile(r"[\"'](" + "|".join(map(re.escape, sorted(seal_names(), key=len, reverse=True))) + r")[\"']")
    found = [
        f"{path}:{number}: {hit.group(1)}"
        for path in project_files(".py")
        if path not in PERMITTED and not path.startswith(FOLDERS)
        for number, line in enumerate((ROOT / path).read_text(encoding="utf-8").splitlines(), start=1)
        for hit in names.finditer(line)
    ]
    assert found == []


def test_the_screens_name_no_column_of_one_plant() -> None:
    names = re.compile(r"\b(" + "|".join(map(re.escape, sorted(seal_names(), key=len, reverse=True))) + r")\b")
    found = [
        f"{path}:{number}: {hit.group(1)}"
        for path in project_files(".ts", ".tsx")
        if path.startswith("frontend/src/") and path not in PERMITTED_SCREENS
        if ".test." not in path and "/testing/" not in path
        for number, line in enumerate((ROOT / path).read_text(encoding="utf-8").splitlines(), start=1)
        for hit in names.finditer(line)
    ]
    assert found == []
