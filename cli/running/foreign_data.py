"""Data of a plant that nobody has described yet: `up` takes what the data leave no doubt of, and asks for the rest before it trains."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import typer

from cli.installation import command
from common.errors import PreconditionFailed
from plant.input_profile import InputProfile
from plant.profile_files import write_profile
from plant.schema import OPTIONAL_TABLES, ROLES
from source import Source, open_source
from source.source import find_name

DRAFT: Final = "suggested.profile.json"


def is_foreign(source: Source) -> bool:
    """Whether a source has none of the tables that the built-in profile reads."""
    built_in = InputProfile.built_in().tables
    needed = [built_in[role] for role in ROLES if role not in OPTIONAL_TABLES]  # type: ignore[index]
    tables = source.tables()
    return not any(find_name(name, tables) for name in needed)


def suggested_profile(path: Path, folder: Path) -> InputProfile | None:
    """The profile of a source that has no known table, where its data leave no doubt; None for a source with known tables.

    Args:
        folder: where a draft with open questions is written.

    Raises:
        PreconditionFailed: there are questions; names them and the draft.
        DataProblem: nothing in the source looks like operations of items.
    """
    source = open_source(path)
    if not is_foreign(source):
        return None
    from source.suggestion.drafting import suggest_profile
    from source.suggestion.report import asked, taken

    typer.echo(f"{path.name} has tables of its own; looking for items and operations in them ...")
    draft = suggest_profile(source, path.stem)
    for line in taken(draft.found, draft.profile):
        typer.echo(f"  {line}")
    if draft.found.sure:
        return draft.profile
    target = folder / DRAFT
    write_profile(target, draft.profile)
    questions = "\n".join(f"  ? {asked(question)}" for question in draft.found.questions)
    raise PreconditionFailed(
        f"The data of {path} leave questions:\n{questions}\nThe draft is in {target}: look at it, change what is wrong, and start with\n"
        f"  {command('up')} --data {path} --profile {target}",
        reason="PROFILE_QUESTIONS",
    )
