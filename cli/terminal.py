"""The console that commands write to: as wide as the terminal, and wide enough for whole names where there is none."""

from __future__ import annotations

import re
import sys

from rich.console import Console

WIDTH_WITHOUT_TERMINAL = 200
SOURCE_HELP = "Access file, folder with Parquet or CSV tables, workbook, SQLite file, or address of a database"


def open_console() -> Console:
    """A console on standard output that neither wraps lines nor colours numbers by itself."""
    width = None if sys.stdout.isatty() else WIDTH_WITHOUT_TERMINAL
    return Console(highlight=False, soft_wrap=True, width=width)


def quoted(argument: str) -> str:
    """An argument of a shown command as every shell takes it when it is pasted there."""
    return argument if re.fullmatch(r"[\w./\\:+@=-]+", argument) else f'"{argument}"'
