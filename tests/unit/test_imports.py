"""Which module needs which: no two modules of the program need each other when they are loaded."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator, Set
from pathlib import Path

import pytest

from tests.support.project_files import project_files

ROOT = Path(__file__).resolve().parents[2]
OUTSIDE = ("tests/", "benchmarks/", "protos/", "demo/")


def modules() -> dict[str, Path]:
    paths = [Path(name) for name in project_files(".py") if not name.startswith(OUTSIDE)]
    return {".".join(path.with_suffix("").parts).removesuffix(".__init__"): path for path in paths}


def needed_at_loading(body: list[ast.stmt], known: Set[str]) -> Iterator[str]:
    """Modules that statements outside functions import, those for type checkers left out."""
    for statement in body:
        if isinstance(statement, ast.ImportFrom) and not statement.level and statement.module:
            parts = {f"{statement.module}.{name.name}" for name in statement.names} & known
            yield from parts
            if len(parts) < len(statement.names):  # something that the module itself defines
                yield statement.module
        elif isinstance(statement, ast.Import):
            yield from (name.name for name in statement.names)
        elif isinstance(statement, ast.If) and "TYPE_CHECKING" not in ast.unparse(statement.test):
            yield from needed_at_loading([*statement.body, *statement.orelse], known)
        elif isinstance(statement, ast.Try | ast.With | ast.ClassDef):
            yield from needed_at_loading(statement.body, known)


def circles(graph: dict[str, set[str]]) -> list[list[str]]:
    """Sets of modules that need each other (Tarjan's strongly connected components)."""
    found: list[list[str]] = []
    order: dict[str, int] = {}
    low: dict[str, int] = {}
    stack: list[str] = []

    def visit(module: str) -> None:
        order[module] = low[module] = len(order)
        stack.append(module)
        for other in graph[module]:
            if other not in order:
                visit(other)
                low[module] = min(low[module], low[other])
            elif other in stack:
                low[module] = min(low[module], order[other])
        if low[module] == order[module]:
            part = [stack.pop()]
            while part[-1] != module:
                part.append(stack.pop())
            if len(part) > 1:
                found.append(sorted(part))

    for module in graph:
        if module not in order:
            visit(module)
    return found


def test_no_two_modules_need_each_other() -> None:
    known = modules()
    graph = {
        name: {
            needed
            for needed in needed_at_loading(ast.parse((ROOT / path).read_text(encoding="utf-8")).body, known.keys())
            if needed in known and needed != name
        }
        for name, path in known.items()
        if (ROOT / path).exists()
    }
    assert circles({name: {other for other in needs if other in graph} for name, needs in graph.items()}) == []


def test_a_circle_is_found() -> None:
    assert circles({"a": {"b"}, "b": {"c"}, "c": {"a"}, "d": {"a"}}) == [["a", "b", "c"]]


HEAVY = ("polars", "pyarrow", "duckdb", "sklearn", "scipy", "numpy")


@pytest.mark.parametrize("module", ["auth_service.program", "cli.running.supervisor", "gateway.app", "trainer.program"])
def test_a_process_that_makes_no_frames_does_not_pay_for_them(module: str) -> None:
    """Polars and Arrow are 25 MB in each process that loads them, and a tenth of its start; NumPy is 10 MB."""
    program = f"import sys, {module}; print({set(HEAVY)} & set(sys.modules))"
    shown = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True)
    assert shown.stdout.strip() == "set()", shown.stdout + shown.stderr
