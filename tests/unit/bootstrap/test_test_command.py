"""What `manage.py test` asks of pytest."""

from bootstrap import commands


def test_the_whole_suite_runs_on_two_processes_in_the_collected_order() -> None:
    assert commands.pytest_arguments([]) == ["-n", "2", "--dist", "loadfile", "--no-loadscope-reorder"]


def test_chosen_tests_run_as_asked() -> None:
    chosen = ["tests/unit/routings", "-k", "recall"]
    assert commands.pytest_arguments(chosen) == chosen
