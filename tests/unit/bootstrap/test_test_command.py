"""What `manage.py test` asks of pytest."""

import os

import pytest

from bootstrap import commands


@pytest.mark.parametrize(("cores", "processes"), [(None, "3"), (1, "3"), (2, "3"), (4, "5"), (64, "8")])
def test_the_whole_suite_runs_on_a_process_more_than_cores_in_the_collected_order(
    monkeypatch: pytest.MonkeyPatch, cores: int | None, processes: str
) -> None:
    monkeypatch.setattr(os, "cpu_count", lambda: cores)
    assert commands.pytest_arguments([]) == ["-n", processes, "--dist", "loadfile", "--no-loadscope-reorder"]


def test_chosen_tests_run_as_asked() -> None:
    chosen = ["tests/unit/routings", "-k", "recall"]
    assert commands.pytest_arguments(chosen) == chosen


def test_the_whole_suite_finds_everything_compiled(monkeypatch: pytest.MonkeyPatch) -> None:
    done: list[str] = []

    class Made:
        def compile(self) -> None:
            done.append("compile")

    def hand_over(_environment: object, arguments: list[str]) -> int:
        done.append(arguments[1])
        return 0

    monkeypatch.setattr(commands, "_prepare", lambda _name, _needs: Made())
    monkeypatch.setattr(commands, "_hand_over", hand_over)
    assert commands.run(["test"]) == commands.run(["test", "tests/unit/bootstrap"]) == 0
    assert done == ["compile", "pytest", "pytest"]
