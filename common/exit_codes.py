"""How commands and processes end, as exit codes. Trainings, whose ends are more, have `trainer/exit_codes.py`."""

from __future__ import annotations

from enum import IntEnum


class ExitCode(IntEnum):
    """Exit codes of commands and of the processes of a system."""

    DONE = 0
    FAILED = 1
    """It could not be done, or what was looked at is not in order."""
    USAGE = 2
    """Wrong arguments, or nothing where they point."""
    NOT_RUNNING = 3
    """What is needed does not run, cannot be reached or cannot begin: starting it again is of no use until something has changed."""
    NOT_ALL = 4
    """A part of it: items without a proposal, or an answer that could not be written."""
    QUESTIONS = 5
    """People have to answer something first."""
    INTERRUPTED = 130
    """Ended by Ctrl-C, as shells say it."""
