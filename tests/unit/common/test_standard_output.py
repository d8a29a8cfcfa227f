"""What commands write when the other end is narrower than the text, full, or gone."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]

PREPARED = "from common.standard_output import *\nprepare_standard_output()\n"


def said(code: str, encoding: str) -> bytes:
    """What a process with a standard output in `encoding` writes."""
    done = subprocess.run(
        [sys.executable, "-c", PREPARED + code],
        cwd=ROOT,
        env={**os.environ, "PYTHONIOENCODING": f"{encoding}:strict"},
        capture_output=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr.decode(encoding)
    return done.stdout.replace(b"\r\n", b"\n")


@pytest.mark.parametrize("encoding", ["cp949", "cp1252", "cp437", "ascii", "utf-8"])
def test_every_character_is_written_in_every_code_page(encoding: str) -> None:
    text = "✓ ✗ ● · ↻ … 밸브 몸체 äöü 日本 \U0001f600 × → “quoted” – \ud800"
    shown = said(f"print({text!r})" if encoding != "utf-8" else f"print({text[:-1]!r})", encoding).decode(encoding)
    assert shown.endswith("\n")
    assert ("밸브" in shown) == (encoding in ("cp949", "utf-8"))


@pytest.mark.parametrize("encoding", ["cp949", "cp1252"])
def test_a_mark_that_the_code_page_lacks_is_a_plain_one(encoding: str) -> None:
    assert said("print('\\u2713 good')", encoding) == b"v good\n"


def test_a_letter_that_the_code_page_lacks_is_its_number() -> None:
    assert said("print('\\ubc38\\ube0c')", "cp1252") == b"\\ubc38\\ube0c\n"


@pytest.mark.parametrize("encoding", ["cp949", "cp1252", "utf-8"])
def test_json_is_the_same_document_in_every_code_page(encoding: str) -> None:
    document = {"item": "밸브 ✓ é \U0001f600", "path": "C:\\공장"}
    shown = said(f"print(json_text({document!r}))", encoding)
    assert json.loads(shown.decode("utf-8")) == document


def test_rich_and_typer_write_through_it() -> None:
    code = "import typer\nfrom cli.terminal import open_console\ntyper.secho('\\u2713 a')\nopen_console().print('\\u25cf b')"
    assert said(code, "cp949").splitlines() == ["✓ a".replace("✓", "v").encode(), "● b".encode("cp949")]


def ended(code: str, *, reads: int = 0, unbuffered: str = "") -> tuple[int, str]:
    """Exit code and words of a process whose standard output is closed after `reads` bytes."""
    reading, writing = os.pipe()
    process = subprocess.Popen(
        [sys.executable, "-c", PREPARED + code],
        cwd=ROOT,
        env={**os.environ, "PYTHONUNBUFFERED": unbuffered},
        stdout=writing,
        stderr=subprocess.PIPE,
        text=True,
    )
    os.close(writing)
    if reads:
        os.read(reading, reads)
    os.close(reading)
    _nothing, words = process.communicate(timeout=60)
    return process.returncode, words


@pytest.mark.parametrize("unbuffered", ["", "1"])
@pytest.mark.parametrize("how", ["print('x' * 100_000)", "import typer; typer.echo('x' * 100_000)"])
def test_a_reader_that_goes_away_leaves_the_exit_code_as_it_is(how: str, unbuffered: str) -> None:
    code = f"import sys\nfor _ in range(5): {how}\nsys.exit(7)"
    assert ended(code, reads=1, unbuffered=unbuffered) == (7, "")


@pytest.mark.parametrize("unbuffered", ["", "1"])
def test_a_reader_that_was_never_there_leaves_the_exit_code_as_it_is(unbuffered: str) -> None:
    assert ended("print('only at the end')", unbuffered=unbuffered) == (0, "")


def test_windows_says_invalid_argument_of_a_pipe_that_nobody_reads() -> None:
    code = (
        "import errno, os, sys\nfrom unittest import mock\nfrom common import standard_output as output\n"
        "raw = mock.Mock()\nraw.write.side_effect = OSError(errno.EINVAL, 'Invalid argument')\n"
        "sys.stdout.buffer.raw._raw = raw\nsys.platform = 'win32'\nprint('x', flush=True)\n"
        "assert not output.is_heard()\nassert output.finish_standard_output() == ''\nsys.exit(3)"
    )
    assert ended(code) == (3, "")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
def test_a_full_disk_is_told_in_one_line_with_an_exit_code_of_its_own() -> None:
    with open("/dev/full", "wb") as full:
        done = subprocess.run(
            [sys.executable, "-m", "cli", "--help"], cwd=ROOT, stdout=full, stderr=subprocess.PIPE, text=True
        )
    assert done.returncode == 4
    assert done.stderr == "Standard output cannot be written: No space left on device\n"


def test_a_process_without_standard_output_can_speak() -> None:
    code = (
        "import sys\nsys.stdout = None\nfrom common.standard_output import prepare_standard_output\n"
        "prepare_standard_output()\nprint('heard by nobody')\nsys.exit(5)"
    )
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False).returncode == 5
