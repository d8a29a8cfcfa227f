"""Where this installation is: its settings with every path absolute, so that commands work from any folder."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from pydantic import ValidationError

from common.errors import InvalidInput
from common.settings import Settings

ROOT = Path(__file__).resolve().parent.parent
DEMO_CATALOGUE = ROOT / "demo" / "catalogue"

_FOLDERS = (
    "state_dir",
    "models_dir",
    "frontend_dir",
    "docs_dir",
    "https_certificate",
    "dataset",
    "log_dir",
    "tls_certificate",
    "tls_key",
    "tls_ca",
)


@lru_cache(maxsize=1)
def installation_settings() -> Settings:
    """Settings from the environment and the project's .env; relative paths are relative to the project's folder.

    Raises:
        InvalidInput: a setting cannot be understood; the message names its environment variable.
    """
    try:
        settings = Settings(_env_file=ROOT / ".env")
    except ValidationError as error:
        first = error.errors()[0]
        name = f"ROUTING_ML_{'_'.join(str(part) for part in first['loc']).upper()}"
        raise InvalidInput(f"{name}={first['input']!r} is not valid: {first['msg']}") from None
    absolute = {name: ROOT / path for name in _FOLDERS if (path := getattr(settings, name)) is not None}
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
