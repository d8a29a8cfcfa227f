"""`routing-ml similar`: the most similar items, at one's own site or at all sites of its group."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.table import Table
from rich.text import Text

from cli.calls import ask
from cli.predicting.gateway_options import GatewayUrl, GatewayUser
from cli.terminal import open_console
from common.exit_codes import ExitCode
from common.standard_output import json_text

if TYPE_CHECKING:
    from cli.control_plane import ControlPlane


def similar(
    codes: Annotated[list[str], typer.Argument(metavar="CODE...", help="Item codes", show_default=False)],
    group: Annotated[
        bool,
        typer.Option("--group", help="At all sites of the group whose versions share a model, not at this one alone"),
    ] = False,
    top_k: Annotated[int, typer.Option("--top-k", min=1, max=50, help="Similar items wanted for each")] = 10,
    least: Annotated[
        float | None, typer.Option("--min-similarity", min=0.0, max=1.0, help="Least similarity; default: none")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="For programs")] = False,
    url: GatewayUrl = "",
    user: GatewayUser = "",
) -> None:
    """Find the most similar items of items. Exit code 4 when an item is unknown or a site could not be searched."""
    if url:
        answer = _remotely(codes, url, user, top_k, least, group)
    else:
        answer = ask(lambda control: _by_services(control, codes, top_k, least, group))
    if as_json:
        typer.echo(json_text(answer))
    else:
        _show(answer, group)
    unknown = answer["metrics"]["unknown_items"]
    away = [site for site in answer["sites"] if site["problem"]]
    for code in unknown:
        typer.secho(f"{code}: the item master does not hold this code", err=True, fg="yellow")
    for site in away:
        typer.secho(f"{_called(site['site'])} was not searched: {site['problem']}", err=True, fg="yellow")
    raise typer.Exit(ExitCode.NOT_ALL if unknown or away else 0)


def _remotely(
    codes: Sequence[str], url: str, user: str, top_k: int, least: float | None, group: bool
) -> dict[str, Any]:
    from cli.predicting.remote_prediction import logged_in

    with logged_in(url, user) as client:
        wanted = {} if group else {"sites": list[str]()}
        return dict(
            client.similarity_group_search({"item_codes": list(codes), "top_k": top_k, "min_similarity": least, **wanted})  # type: ignore[typeddict-item]
        )


async def _by_services(
    control: ControlPlane, codes: Sequence[str], top_k: int, least: float | None, group: bool
) -> dict[str, Any]:
    from cli.control_plane import ControlPlane as Services
    from cli.installation import installation_settings
    from common.sites import others_of_group
    from common.started_system import as_started
    from gateway.answers import now_iso
    from gateway.translate.similarity import group_answer
    from predicting.group_search import search_group
    from predicting.neighbours import SearchOptions

    own = installation_settings()
    async with AsyncExitStack() as opened:
        others = {
            name: (await opened.enter_async_context(Services(as_started(own.at(name))))).clients
            for name in (others_of_group(own.whole.sites_file, own.at_site) if group else ())
        }
        options = SearchOptions(top_k=top_k, min_similarity=least)
        found = await search_group((own.at_site, control.clients), others, codes, options)
    if found.sites[0].problem is not None and not others:
        raise found.sites[0].problem
    return group_answer(codes, found, now_iso())


def _show(answer: dict[str, Any], group: bool) -> None:
    console = open_console()
    for result in answer["results"]:
        console.print(Text(result["item_code"], style="bold"))
        table = Table(box=None, header_style="dim", padding=(0, 2))
        for title in ("similarity", *(("site",) if group else ()), "item"):
            table.add_column(title, no_wrap=True, justify="right" if title == "similarity" else "left")
        for match in result["matches"]:
            where = (match["site"] or "-",) if group else ()
            table.add_row(f"{match['similarity_score']:.3f}", *where, Text(match["item_code"]))
        console.print(table)


def _called(site: str) -> str:
    return f"The site {site}" if site else "The installation's own plant"
