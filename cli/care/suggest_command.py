"""`routing-ml profiles suggest`: drafts the profile of a source that nobody has described yet."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from cli.terminal import SOURCE_HELP
from common.exit_codes import ExitCode

"""The draft was written, and there is something to be asked before training."""


def suggest(
    source: Annotated[
        Path,
        typer.Argument(help=SOURCE_HELP),
    ],
    out: Annotated[
        Path | None, typer.Option("--out", help="Write the profile to this file; default: only say what was found")
    ] = None,
    name: Annotated[str, typer.Option("--name", help="Name of the profile; default: the source's name")] = "",
    answer: Annotated[
        list[str] | None,
        typer.Option(
            "--answer",
            help="Answer to a question, as TOPIC=CHOICE: operations_table, item, sequence, operation, time (a column), "
            "time_unit (MIN, H, SEC, DAY), date_order (MDY, DMY), decimal_sign (POINT, COMMA), duration (H_MM, M_SS), "
            "no_time (a column, or nothing), no_items (nothing)",
        ),
    ] = None,
) -> None:
    """Find items, operations, machines, times and features in a source, and write a profile that maps them.

    Exit code 0: the data left no doubt. 5: the draft is written, and the questions below it need an answer before training.
    """
    from common.files import write_text
    from source import open_source
    from source.databases.address import located
    from source.suggestion.drafting import suggest_profile
    from source.suggestion.report import asked, taken

    path = located(source)
    typer.echo(f"Looking into {path}", err=True)
    draft = suggest_profile(open_source(path), name or path.stem, on_table=_tell, answers=_answers(answer or []))
    for line in taken(draft.found, draft.profile):
        typer.echo(line)
    for table, why in draft.unread.items():
        typer.echo(f"not read: {table}: {why}")
    if out is not None:
        write_text(out, json.dumps(draft.profile.document(), ensure_ascii=False, indent=1) + "\n")
        typer.echo(f"Written to {out}")
    for question in draft.found.questions:
        typer.echo(f"? {asked(question)} [{question.topic}]")
    if draft.found.questions:
        raise typer.Exit(ExitCode.QUESTIONS)


def _answers(given: list[str]) -> dict[str, str]:
    answers = {}
    for text in given:
        topic, sign, chosen = text.partition("=")
        if not sign:
            raise typer.BadParameter(f"{text!r} is no answer: write TOPIC=CHOICE", param_hint="--answer")
        answers[topic.strip()] = chosen.strip()
    return answers


def _tell(table: str, place: int, number: int) -> None:
    typer.echo(f"  {place + 1}/{number} {table}", err=True)
