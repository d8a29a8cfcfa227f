"""`routing-ml predict --file`: any number of items into one file, with progress, going on where an interrupted run ended."""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from cli.calls import ask, running_settings
from cli.predicting.bulk_prediction import BulkOptions, by_gateway, by_services, predict_all
from cli.predicting.item_list import read_item_list
from cli.predicting.prediction_journal import PredictionJournal
from cli.predicting.prediction_result import check_result_name, join_parts, write_unanswered
from common.exit_codes import ExitCode

LINE_SECONDS: Final = 10.0
"""Between two lines of progress where there is no terminal."""


def predict_file(
    source: str,
    target: Path,
    options: BulkOptions,
    *,
    restart: bool,
    url: str = "",
    user: str = "",
    cluster: bool = False,
) -> int:
    """Predict the items of `source` into `target`; returns how many items got no routing.

    Args:
        source: file with item codes, or "-".
        restart: drop what an interrupted run left.
        url: gateway that predicts; "": the services of this installation.
        user: e-mail of an account there.
        cluster: a Ray cluster predicts, not the services.

    Raises:
        ServiceError: says what is wrong; what is predicted is kept for the next run.
        typer.Exit: interrupted by Ctrl-C.
    """
    check_result_name(target)
    items = read_item_list(source)
    if items.repeated:
        _say(f"{items.repeated:,} entries name an item again; each item is predicted once")
    journal = PredictionJournal(target.absolute(), items.codes, options.as_json(), restart=restart)
    try:
        _predict(journal, items.codes, _runner(options, url, user, cluster), source, target)
        finished = [journal.finished[part] for part in sorted(journal.finished)]
        rows = join_parts([journal.part_file(part.part) for part in finished], target.absolute())
        unanswered = write_unanswered(finished, target.absolute())
    finally:
        journal.close()
    journal.remove()
    missing = sum(len(part.unanswered) for part in finished)
    versions = sorted({part.model_version for part in finished})
    _say(f"{target}: {len(items.codes) - missing:,} items, {rows:,} operations, model version {', '.join(versions)}")
    if len(versions) > 1:
        _say("The model version changed meanwhile: the column MODEL_VERSION says which one each row is from")
    if unanswered is not None:
        _say(f"{missing:,} items got no routing: {unanswered}")
    return missing


Runner = Callable[[list[str], PredictionJournal, Callable[[int], None]], None]
"""Predicts what the journal lacks of the codes, and tells how many items each step has done."""


def _runner(options: BulkOptions, url: str, user: str, cluster: bool) -> Runner:
    def by_the_services(codes: list[str], journal: PredictionJournal, advance: Callable[[int], None]) -> None:
        ask(lambda control: predict_all(by_services(control, options), codes, options.batch, journal, advance))

    def by_the_gateway(codes: list[str], journal: PredictionJournal, advance: Callable[[int], None]) -> None:
        from cli.predicting.remote_prediction import logged_in

        with logged_in(url, user) as client:
            asyncio.run(predict_all(by_gateway(client, url, options), codes, options.batch, journal, advance))

    def by_the_cluster(codes: list[str], journal: PredictionJournal, advance: Callable[[int], None]) -> None:
        from cli.predicting.cluster_prediction import by_cluster, job_of

        settings = running_settings()
        job = ask(lambda control: job_of(control, settings, options))
        left = -(-len(codes) // options.batch) - len(journal.finished)
        with by_cluster(settings, job, left) as (predict, under_way):
            asyncio.run(predict_all(predict, codes, options.batch, journal, advance, under_way))

    if cluster:
        return by_the_cluster
    return by_the_gateway if url else by_the_services


def _predict(journal: PredictionJournal, codes: list[str], run: Runner, source: str, target: Path) -> None:
    """Predict what the journal lacks, showing progress."""
    done = sum(part.items for part in journal.finished.values())
    if done:
        _say(f"Going on after {done:,} of {len(codes):,} items")
    if done == len(codes):
        return
    try:
        with _progress(len(codes), done) as advance:
            run(codes, journal, advance)
    except KeyboardInterrupt:
        kept = sum(part.items for part in journal.finished.values())
        again = "the same input" if source == "-" else source
        _say(
            f"Interrupted: {kept:,} of {len(codes):,} items are kept. Repeat the command with {again} to go on with {target}"
        )
        raise typer.Exit(ExitCode.INTERRUPTED) from None


@contextmanager
def _progress(items: int, done: int) -> Iterator[Callable[[int], None]]:
    """Show progress on standard error; gives the function that moves it on."""
    if not sys.stderr.isatty():
        yield ProgressLines(items, done)
        return
    columns = (
        TextColumn("items"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[speed]}"),
        TimeElapsedColumn(),
        TextColumn("left"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=Console(stderr=True)) as shown:
        task = shown.add_task("items", total=items, completed=done, speed="")
        begun, finished = time.monotonic(), 0

        def advance(more: int) -> None:
            nonlocal finished
            finished += more
            speed = finished / max(time.monotonic() - begun, 1e-3)
            shown.update(task, advance=more, speed=f"{speed:,.0f} items/s")

        yield advance


class ProgressLines:
    """Progress as a line every few seconds, for logs and pipes.

    Args:
        items: how many items there are; done: how many were done before.
    """

    def __init__(self, items: int, done: int) -> None:
        self._items, self._done = items, done
        self._here = 0
        self._begun = self._told = time.monotonic()

    def __call__(self, more: int) -> None:
        """Count `more` items as done."""
        self._done += more
        self._here += more
        now = time.monotonic()
        if now - self._told >= LINE_SECONDS:
            self._told = now
            speed = self._here / max(now - self._begun, 1e-3)
            left = (self._items - self._done) / speed
            _say(f"{self._done:,} of {self._items:,} items, {speed:,.0f} items/s, {left:,.0f} s left")


def _say(text: str) -> None:
    typer.echo(text, err=True)
