"""Moments for people: the local time of this machine with its distance from UTC, everywhere the same, and as `--since` takes it."""

from __future__ import annotations

from datetime import UTC, datetime


def local_time(moment: datetime | float, precision: str = "minutes") -> str:
    """A moment such as `2026-11-30 14:30+09:00`.

    Args:
        moment: with its zone, or seconds since 1970; 0 stands for never and gives "".
        precision: minutes, seconds or milliseconds.
    """
    if not moment:
        return ""
    if not isinstance(moment, datetime):
        moment = datetime.fromtimestamp(moment, UTC)
    return moment.astimezone().isoformat(" ", precision)
