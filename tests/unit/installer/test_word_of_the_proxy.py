"""Caddy and the gateway of an installation share a word, so that no other program of the machine passes for the proxy."""

from __future__ import annotations

from pathlib import Path

import pytest

from common.settings import Settings
from installer.layout import Layout
from installer.settings_files import PROXY_TOKEN, SITE_PROXY_TOKEN, caddy_env, read_env, write_caddy_env, write_env

ROOT = Path(__file__).resolve().parents[3]
EXAMPLE = ROOT / ".env.example"
SITE = "https://routing.plant.local"


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    return Layout(tmp_path / "프로그램 파일", tmp_path / "자료 폴더")


def test_both_files_of_an_installation_with_caddy_hold_the_same_long_word(layout: Layout) -> None:
    assert write_env(layout, EXAMPLE, with_caddy=True)
    write_caddy_env(layout, SITE)
    word = read_env(layout.caddy_env_file)[SITE_PROXY_TOKEN]
    assert len(word) >= 32
    settings = Settings(_env_file=layout.env_file)
    assert settings.proxy_token == word
    assert settings.proxies  # X-Forwarded-For counts from Caddy, and with the word only
    assert SITE_PROXY_TOKEN in (ROOT / "compose-windows" / "Caddyfile").read_text(encoding="utf-8")


def test_a_file_made_by_hand_for_another_port_gets_what_it_lacks_and_keeps_what_it_sets(layout: Layout) -> None:
    layout.data.mkdir(parents=True)
    layout.env_file.write_text(
        "ROUTING_ML_GATEWAY_PORT=8123\nOF_THE_PLANT='a # b'\nROUTING_ML_COOKIE_SECURE=false\n", encoding="utf-8"
    )
    assert write_env(layout, EXAMPLE, with_caddy=True)
    settings = Settings(_env_file=layout.env_file)
    assert (settings.gateway_port, settings.cookie_secure, settings.state_dir) == (8123, False, layout.data / "var")
    assert settings.proxy_token
    assert read_env(layout.env_file)["OF_THE_PLANT"] == "a # b"
    written = layout.env_file.read_bytes()
    assert not write_env(layout, EXAMPLE, with_caddy=True)
    assert layout.env_file.read_bytes() == written


def test_every_installation_has_a_word_of_its_own(layout: Layout, tmp_path: Path) -> None:
    other = Layout(tmp_path / "b", tmp_path / "c")
    for one in (layout, other):
        write_env(one, EXAMPLE, with_caddy=True)
    assert read_env(layout.env_file)[PROXY_TOKEN] != read_env(other.env_file)[PROXY_TOKEN]


def test_behind_another_proxy_than_caddy_no_word_is_asked_for(layout: Layout) -> None:
    write_env(layout, EXAMPLE, with_caddy=False)
    assert Settings(_env_file=layout.env_file).proxy_token == ""


def test_a_word_that_an_administrator_sets_or_changes_reaches_caddy_and_nothing_else_changes(layout: Layout) -> None:
    write_env(layout, EXAMPLE, with_caddy=False)
    write_caddy_env(layout, SITE)
    before = read_env(layout.caddy_env_file)
    assert SITE_PROXY_TOKEN not in before
    for word in ("first", "second"):
        with open(layout.env_file, "a", encoding="utf-8") as stream:
            stream.write(f"{PROXY_TOKEN}={word}\n")
        write_caddy_env(layout, "")
        assert read_env(layout.caddy_env_file) == before | {SITE_PROXY_TOKEN: word}
        assert caddy_env(layout, "") == layout.caddy_env_file.read_text(encoding="utf-8")
