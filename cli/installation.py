"""Where this installation is: its settings with every path absolute, so that commands work from any folder."""

from __future__ import annotations

import json
from functools import lru_cache
from pathlib import Path

from pydantic import ValidationError

from common.errors import InvalidInput
from common.processes import IS_WINDOWS
from common.settings import Settings

ROOT = Path(__file__).resolve().parent.parent
DEMO_CATALOGUE = ROOT / "demo" / "catalogue"

HOME_FILE = ROOT / "installation.json"
"""Written by the installer where program and data are apart."""

_FOLDERS = (
    "state_dir",
    "models_dir",
    "frontend_dir",
    "docs_dir",
    "https_certificate",
    "dataset",
    "initial_dataset",
    "log_dir",
    "tls_certificate",
    "tls_key",
    "tls_ca",
)


def command(name: str) -> str:
    """How people call a command of manage.py here: through it in a clone, as `routing-ml` where an installer has put it."""
    if HOME_FILE.exists():
        return f"routing-ml {name}"
    return f"{'py' if IS_WINDOWS else 'python3'} manage.py {name}"


def home() -> Path:
    """Folder with .env and, unless that says otherwise, the data: of an installation what its installer wrote, else the project's."""
    try:
        return Path(json.loads(HOME_FILE.read_text(encoding="utf-8"))["home"])
    except FileNotFoundError:
        return ROOT


@lru_cache(maxsize=1)
def installation_settings() -> Settings:
    """Settings from the environment and the .env of `home()`; relative paths are relative to that folder.

    Raises:
        InvalidInput: a setting cannot be understood; the message names its environment variable.
    """
    try:
        settings = Settings(_env_file=home() / ".env")
    except ValidationError as error:
        first = error.errors()[0]
        name = f"ROUTING_ML_{'_'.join(str(part) for part in first['loc']).upper()}"
        raise InvalidInput(f"{name}={first['input']!r} is not valid: {first['msg']}") from None
    absolute = {name: home() / path for name in _FOLDERS if (path := getattr(settings, name)) is not None}
    return settings.model_copy(update=absolute)


def variables_of(settings: Settings) -> dict[str, str]:
    """The environment variables that give another process these settings."""
    made = {}
    for name in Settings.model_fields:
        value = getattr(settings, name)
        if value is None:
            continue
        text = ",".join(value) if isinstance(value, list) else str(value)
        made[f"ROUTING_ML_{name.upper()}"] = text
    made["PYTHONUTF8"] = "1"
    return made
