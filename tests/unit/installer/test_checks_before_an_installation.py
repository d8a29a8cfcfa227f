"""What is in the way of an installation is said in one line with its cure, in both languages, and each sentence is used and complete."""

from __future__ import annotations

import re
import socket
import string
import subprocess
import time
from pathlib import Path

import pytest

from installer import certificate_check, checks, ports
from installer.layout import Layout
from installer.locating import absolute
from installer.wording import speak, table, words
from tests.support.certificates import self_signed

ROOT = Path(__file__).resolve().parents[3]


def fields(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


def test_every_sentence_is_there_in_both_languages_with_the_same_values() -> None:
    for key, sentence in table().items():
        assert set(sentence) == {"en", "ko"}, key
        assert fields(sentence["en"]) == fields(sentence["ko"]), key
        assert re.search("[가-힣]", sentence["ko"]) or not re.search(
            "[a-z]{3}", sentence["en"].format_map(_Blank())
        ), key


class _Blank(dict[str, str]):
    def __missing__(self, key: str) -> str:
        return ""


def test_every_sentence_that_is_said_is_written() -> None:
    said = set()
    for path in [*(ROOT / "installer").glob("*.py"), *(ROOT / "compose-windows").glob("*.ps*1")]:
        text = path.read_text(encoding="utf-8")
        said |= set(re.findall(r"words\(\s*\"([a-z_.]+)\"", text)) | set(re.findall(r"-Key '([a-z_.]+)'", text))
        said |= {f"check.{key}" for key in re.findall(r"finding\(\s*\"([a-z_]+)\"", text)}
    assert said - set(table()) == set()


def test_a_korean_system_is_told_in_korean(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    layout = Layout(tmp_path / "file", tmp_path / "data")
    speak("ko")
    (found,) = checks.check_folders(layout, needs_room=False, tries_to_write=False)
    assert "폴더가 아니라 파일입니다" in found.text
    assert str(tmp_path / "file") in found.text


def test_a_python_of_32_bits_is_refused_with_its_cure() -> None:
    (found,) = checks.check_python(r"C:\py32\python.exe", 32)
    assert "32-bit" in found.text
    assert "python.org" in found.text


def test_a_folder_that_lies_too_deep_for_windows_is_said_with_its_length(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(checks, "IS_WINDOWS", True)
    monkeypatch.setattr(checks, "LONGEST_ROOT_ON_WINDOWS", len(str(tmp_path / "data")))
    layout = Layout(tmp_path / "program", tmp_path / "data")
    (found,) = checks.check_folders(layout, needs_room=False, tries_to_write=False)
    assert f"{layout.program} is too long ({len(str(layout.program))} characters)" in found.text


def test_a_folder_without_room_says_how_much_is_needed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checks, "ROOM_FOR_PACKAGES", 1 << 60)
    found = checks.check_folders(Layout(tmp_path / "a" / "b", tmp_path / "c"), needs_room=True, tries_to_write=True)
    assert len(found) == 1
    assert "MB free and needs" in found[0].text
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("site", "port", "fault"),
    [
        ("https://routing.plant.local", None, ""),
        ("https://routing.plant.local:8443", 8443, ""),
        ("routing.plant.local, https://other:8443", 8443, ""),
        ("https://routing.plant.local", 8443, "-HttpsPort"),
        ("ftp://x", None, "is no address"),
        ("https://x:notaport", None, "is no address"),
        ("", None, "is no address"),
    ],
)
def test_a_site_and_its_port_have_to_agree(site: str, port: int | None, fault: str) -> None:
    found = checks.check_site(site, port)
    assert [one.usage for one in found] == ([True] if fault else [])
    assert fault in "".join(one.text for one in found)


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[Path, Path]]:
    folder = tmp_path_factory.mktemp("인증서")
    return {
        "good": self_signed(folder, "good"),
        "other": self_signed(folder, "other"),
        "locked": self_signed(folder, "locked", password="secret"),
    }


def test_a_certificate_with_its_key_is_taken(certificates: dict[str, tuple[Path, Path]]) -> None:
    assert checks.check_certificate(*certificates["good"]) == []


@pytest.mark.parametrize(
    ("certificate", "key", "fault"),
    [
        ("good", "other", "belongs to another certificate"),
        ("locked", "locked", "protected by a password"),
        ("good", "", "-Certificate needs -CertificateKey"),
        ("nowhere", "good", "does not exist"),
        ("text", "good", "no PEM file"),
    ],
)
def test_a_certificate_that_cannot_serve_is_refused(
    certificates: dict[str, tuple[Path, Path]], tmp_path: Path, certificate: str, key: str, fault: str
) -> None:
    (tmp_path / "text.pem").write_text("no certificate", encoding="ascii")
    place = certificates[certificate][0] if certificate in certificates else tmp_path / f"{certificate}.pem"
    found = checks.check_certificate(place, certificates[key][1] if key else None)
    assert fault in "".join(one.text for one in found)


def test_a_certificate_that_has_ended_is_refused(
    certificates: dict[str, tuple[Path, Path]], monkeypatch: pytest.MonkeyPatch
) -> None:
    later = time.time() + 90 * 86_400
    monkeypatch.setattr(time, "time", lambda: later)
    assert "has ended on" in certificate_check.problem(*certificates["good"])


def test_a_program_for_another_system_is_refused(tmp_path: Path) -> None:
    for name, content in (("text.exe", b"#!/bin/sh"), ("old.exe", b"MZ"), ("x86.exe", _program(0x14C))):
        (tmp_path / name).write_bytes(content)
        assert not checks.is_program(tmp_path / name)
    (tmp_path / "x64.exe").write_bytes(_program(0x8664))
    assert checks.is_program(tmp_path / "x64.exe")


def _program(machine: int) -> bytes:
    return b"MZ" + bytes(58) + (64).to_bytes(4, "little") + b"PE\0\0" + machine.to_bytes(2, "little") + bytes(100)


def test_who_holds_a_port_is_named_by_what_windows_says() -> None:
    def run(command: list[str]) -> subprocess.CompletedProcess[str]:
        said = (
            '"nginx.exe","4711","Services","0","10 K"\n'
            if "tasklist" in command[0]
            else "\n  TCP    0.0.0.0:443    0.0.0.0:0    LISTENING    4711\n  TCP    [::]:443    [::]:0    LISTENING    4711\n"
        )
        return subprocess.CompletedProcess(command, 0, said, "")

    assert ports.holder_of(run, 443) == "nginx.exe (process 4711)"  # type: ignore[arg-type]
    assert ports.holder_of(run, 44) == ""  # type: ignore[arg-type]


def test_a_taken_port_is_found_before_anything_is_changed(tmp_path: Path) -> None:
    layout = Layout(tmp_path / "program", tmp_path)
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        layout.env_file.write_text(f"ROUTING_ML_GATEWAY_PORT={other.getsockname()[1]}\n", encoding="utf-8")
        assert "ROUTING_ML_GATEWAY_PORT" in "".join(one.text for one in checks.check_process_ports(layout))


def test_before_there_are_settings_the_ports_are_those_of_the_release(tmp_path: Path) -> None:
    layout = Layout(tmp_path / "program", tmp_path)
    example = tmp_path / ".env.example"
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        taken = f"127.0.0.1:{other.getsockname()[1]}"
        example.write_text(f"ROUTING_ML_AUTH_ADDRESS={taken}\n", encoding="utf-8")
        assert "ROUTING_ML_AUTH_ADDRESS" in "".join(
            one.text for one in checks.check_process_ports(layout, None, example)
        )
        layout.env_file.write_text("ROUTING_ML_AUTH_ADDRESS=127.0.0.1:1\n", encoding="utf-8")
        found = checks.check_process_ports(layout, None, example)
        assert taken.rpartition(":")[2] not in "".join(one.text for one in found)


def test_paths_are_the_callers_and_lose_what_stands_behind_them(tmp_path: Path) -> None:
    assert absolute("site.pem", tmp_path) == tmp_path / "site.pem"
    assert absolute("../x/", tmp_path) == tmp_path.parent / "x"
    assert absolute(f"{tmp_path}/공장 자료/", Path("/")) == tmp_path / "공장 자료"
    assert absolute("", tmp_path) is None


def test_a_key_of_the_table_takes_its_values() -> None:
    assert words("check.no_drive", folder="Q:\\x", drive="Q:\\").startswith("Q:\\x cannot be made")
