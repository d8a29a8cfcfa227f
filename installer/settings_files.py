"""Settings of an installation: `.env` for the processes, `caddy.env` for Caddy. Once written, they are the administrator's."""

from __future__ import annotations

import re
import secrets
from collections.abc import Mapping
from pathlib import Path

from common.files import write_text
from installer.layout import Layout

DEFAULT_SITE = "https://localhost"
PROXY_TOKEN, SITE_PROXY_TOKEN = "ROUTING_ML_PROXY_TOKEN", "ROUTING_ML_SITE_PROXY_TOKEN"
"""The word by which the gateway knows Caddy from other programs of the machine: in `.env`, and the same in `caddy.env`."""
_LINE = re.compile(r"^\s*(?:export\s+)?([A-Za-z_][A-Za-z0-9_]*)\s*=\s*(.*?)\s*$")


def read_env(path: Path) -> dict[str, str]:
    """The settings in a file of `NAME=value` lines; empty when there is no file."""
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except FileNotFoundError:
        return {}
    found = {}
    for line in lines:
        matched = _LINE.match(line)
        if matched:
            found[matched.group(1)] = _unquoted(matched.group(2))
    return found


def _unquoted(value: str) -> str:
    if len(value) >= 2 and value[0] == value[-1] and value[0] in "'\"":
        return value[1:-1]
    return value.partition(" #")[0].rstrip()


def write_env(layout: Layout, example: Path, *, with_caddy: bool) -> bool:
    """Write `.env` from .env.example with this installation's folders; returns whether it was written (False: there is one).

    A `.env` made by hand before the installation, for another port say, has none of the settings that are written here: it gets them,
    and what it sets stays.

    Args:
        example: .env.example of the version.
        with_caddy: Caddy is in front; it gets a word of its own, without which no program passes for it.
    """
    made_by_hand = read_text(layout.env_file)
    if layout.env_file.exists() and "ROUTING_ML_STATE_DIR" in made_by_hand:
        return False
    values = {
        "ROUTING_ML_STATE_DIR": _path(layout.data / "var"),
        "ROUTING_ML_MODELS_DIR": _path(layout.data / "models"),
        "ROUTING_ML_LOG_DIR": _path(layout.data / "logs"),
        "ROUTING_ML_FRONTEND_DIR": _path(layout.current / "app" / "frontend" / "dist"),
        "ROUTING_ML_DOCS_DIR": _path(layout.current / "app" / "docs" / "site"),
        "ROUTING_ML_COOKIE_SECURE": "true",
    }
    if with_caddy:
        values[PROXY_TOKEN] = secrets.token_urlsafe(32)
    text = example.read_text(encoding="utf-8")
    lines = {name: f"{name}={value}" for name, value in values.items()}
    lines |= {found.group(1): line for line in made_by_hand.splitlines() if (found := _LINE.match(line))}
    for name, line in lines.items():
        before = text
        text = re.sub(rf"^#?{name}=.*$", line.replace("\\", "\\\\"), text, count=1, flags=re.MULTILINE)
        if text == before and line not in text.splitlines():
            text = f"{text.rstrip()}\n{line}\n"
    layout.data.mkdir(parents=True, exist_ok=True)
    write_text(layout.env_file, text)
    return True


def write_caddy_env(layout: Layout, site: str, certificate: Path | None = None, key: Path | None = None) -> None:
    """Write `caddy.env`, or bring what is named now into the one that is there; the arguments are those of `caddy_env`."""
    text = caddy_env(layout, site, certificate, key)
    if text != read_text(layout.caddy_env_file):
        layout.caddy_env_file.parent.mkdir(parents=True, exist_ok=True)
        write_text(layout.caddy_env_file, text)


def caddy_env(layout: Layout, site: str, certificate: Path | None = None, key: Path | None = None) -> str:
    """What `caddy.env` should hold: what is there, with what is named now, and the word that `.env` has for the proxy.

    Args:
        site: names that browsers use, such as https://routing.plant.local; "": as before.
        certificate: PEM file; None: as before, at first certificates by Caddy's own authority.
        key: PEM file of its key; None: it is in the same file.
    """
    named = {"ROUTING_ML_SITE": site} if site else {}
    if certificate:
        named["ROUTING_ML_SITE_TLS"] = "files"
        named["ROUTING_ML_SITE_CERTIFICATE"] = _plain(certificate)
        named["ROUTING_ML_SITE_KEY"] = _plain(key or certificate)
    settings = read_env(layout.env_file)
    if settings.get(PROXY_TOKEN):
        named[SITE_PROXY_TOKEN] = settings[PROXY_TOKEN]
    before = read_text(layout.caddy_env_file)
    if before:
        return _with_values(before, named)
    first = int(settings.get("ROUTING_ML_GATEWAY_PORT") or 8000)
    workers = int(settings.get("ROUTING_ML_GATEWAY_WORKERS") or 1)
    values = {
        "ROUTING_ML_SITE": DEFAULT_SITE,
        "ROUTING_ML_SITE_TLS": "internal",
        "ROUTING_ML_SITE_CERTIFICATE": "",
        "ROUTING_ML_SITE_KEY": "",
        "ROUTING_ML_SITE_ROOT": _plain(layout.current / "app" / "frontend" / "dist"),
        "ROUTING_ML_SITE_UPSTREAMS": " ".join(f"127.0.0.1:{first + number}" for number in range(workers)),
        SITE_PROXY_TOKEN: "",
        "ROUTING_ML_SITE_STORAGE": _plain(layout.data / "caddy" / "storage"),
        "ROUTING_ML_SITE_LOG": _plain(layout.data / "logs" / "caddy-access.jsonl"),
    }
    return _lines(values | named)


def read_text(file: Path) -> str:
    """The text of a file; "" when there is none."""
    try:
        return file.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        return ""


def _with_values(text: str, values: Mapping[str, str]) -> str:
    """The text of a settings file with these values; lines of other settings stay as they are."""
    for name, value in values.items():
        pattern = re.compile(rf"^#?{name}=.*$", re.MULTILINE)
        line = f'{name}="{value}"'
        found = pattern.search(text)
        text = f"{text[: found.start()]}{line}{text[found.end() :]}" if found else f"{text.rstrip()}\n{line}\n"
    return text


def site_names(layout: Layout) -> str:
    """The names under which Caddy serves the site; "" where Caddy has no settings."""
    return read_env(layout.caddy_env_file).get("ROUTING_ML_SITE", "")


def caddy_command(layout: Layout) -> tuple[str, str]:
    """Caddy's program, and its arguments as one text, for what runs it with that text as it stands."""
    config = layout.current / "app" / "compose-windows" / "Caddyfile"
    arguments = f'run --config "{config}" --adapter caddyfile --envfile "{layout.caddy_env_file}"'
    return str(layout.services / "caddy.exe"), arguments


def _lines(values: Mapping[str, str]) -> str:
    return "".join(f'{name}="{value}"\n' if value else f"#{name}=\n" for name, value in values.items())


def _plain(path: Path) -> str:
    return path.as_posix()


def _path(path: Path) -> str:
    """A path as .env takes it: forward slashes, and quotes where a `#` or a quote is in it."""
    text = path.as_posix()
    return f"'{text}'" if "#" in text or '"' in text else text
