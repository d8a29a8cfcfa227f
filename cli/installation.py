"""Where this installation is: its settings with every path absolute, so that commands work from any folder."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from pydantic import ValidationError

from common.errors import InvalidInput
from common.home import installed_home
from common.processes import IS_WINDOWS
from common.settings import Settings, settings_at

ROOT = Path(__file__).resolve().parent.parent


def command(name: str) -> str:
    """How people call a command of manage.py here: through it in a clone, as `routing-ml` where an installer has put it."""
    if installed_home() is not None:
        return f"routing-ml {name}"
    return f"{'py' if IS_WINDOWS else 'python3'} manage.py {name}"


def home() -> Path:
    """Folder with .env and, unless that says otherwise, the data: of an installation what its installer wrote, else the project's."""
    return installed_home() or ROOT


@lru_cache(maxsize=1)
def installation_settings() -> Settings:
    """Settings from the environment and the .env of `home()`; relative paths are relative to that folder.

    Raises:
        InvalidInput: a setting cannot be understood; the message names its environment variable.
        NotFound: ROUTING_ML_AT_SITE names no site.
    """
    try:
        read = settings_at(home())
        return read.at(read.at_site)
    except ValidationError as error:
        first = error.errors()[0]
        name = f"ROUTING_ML_{'_'.join(str(part) for part in first['loc']).upper()}"
        raise InvalidInput(f"{name}={first['input']!r} is not valid: {first['msg']}") from None


def variables_of(settings: Settings) -> dict[str, str]:
    """The environment variables that give another process these settings."""
    made = {}
    for name in Settings.model_fields:
        value = getattr(settings.whole, name) if name != "at_site" else settings.at_site
        if value is None:
            continue
        text = ",".join(value) if isinstance(value, list) else str(value)
        made[f"ROUTING_ML_{name.upper()}"] = text
    made["PYTHONUTF8"] = "1"
    return made
