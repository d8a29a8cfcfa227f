"""Where the settings of an installation put its folders, and which files they name: what the processes need rights on."""

from __future__ import annotations

from pathlib import Path, PureWindowsPath

from bootstrap.progress import SetupFailed
from common.errors import InvalidInput
from common.sites import sites_in
from installer.settings_files import read_env
from installer.wording import words

STATE, MODELS, LOGS = "var", "models", "logs"
"""First parts of the table's paths that settings can put elsewhere."""

SITES_FILE = "ROUTING_ML_SITES_FILE"
NAMED_FILES = (
    SITES_FILE,
    "ROUTING_ML_SERVICE_SECRET_FILE",
    "ROUTING_ML_TLS_CERTIFICATE",
    "ROUTING_ML_TLS_KEY",
    "ROUTING_ML_TLS_CA",
)
"""Settings that name a file which every process reads when it starts."""


def state_folder(data: Path) -> Path:
    """The state folder of an installation."""
    return data / (read_env(data / ".env").get("ROUTING_ML_STATE_DIR") or STATE)


def places_of(data: Path, path: str) -> list[Path]:
    """Where a path of the table of rights lies: where the settings put it, and again for each of the sites.

    Args:
        path: relative to the data folder, with backslashes; "." is the folder itself.

    Raises:
        SetupFailed: the file of the sites cannot be understood.
    """
    first, *rest = PureWindowsPath(path).parts or ("",)
    settings, state = read_env(data / ".env"), state_folder(data)
    if first == STATE:
        roots = [state, *(state / "sites" / name for name in _sites(data))]
    elif first == MODELS:
        own = data / (settings.get("ROUTING_ML_MODELS_DIR") or MODELS)
        roots = [own, *(named or state / "sites" / name / MODELS for name, named in _sites(data).items())]
    elif first == LOGS:  # the service programs write to the data folder's, the processes where the settings say
        roots = [data / LOGS, data / (settings.get("ROUTING_ML_LOG_DIR") or LOGS)]
    else:
        roots = [data / first]
    return list(dict.fromkeys(root.joinpath(*rest) for root in roots))


def _sites(data: Path) -> dict[str, Path | None]:
    """The sites, each with the folder of its versions; None: in its state folder."""
    named = read_env(data / ".env").get(SITES_FILE)
    try:
        return {name: site.models for name, site in sites_in(data / named if named else None).items()}
    except InvalidInput as error:
        raise SetupFailed(str(error)) from error


def named_files(data: Path) -> dict[str, Path]:
    """The files that the settings name, by setting."""
    settings = read_env(data / ".env")
    return {name: data / settings[name] for name in NAMED_FILES if settings.get(name)}


def wrong_files(data: Path) -> list[str]:
    """What is wrong with the files that the settings name: each that is not there or not understood, in one line with its cure."""
    found = [
        words("check.named_file", setting=name, settings=data / ".env", file=file)
        for name, file in named_files(data).items()
        if not file.is_file()
    ]
    if not found:
        try:
            _sites(data)
        except SetupFailed as error:
            found.append(str(error))
    return found


def store_folder(data: Path) -> Path | None:
    """The folder in which versions travel between hosts, where it is one of this machine; None: elsewhere, or there is none."""
    named = read_env(data / ".env").get("ROUTING_ML_ARTIFACT_STORE") or ""
    folder = data / named.removeprefix("file://")
    is_url = "://" in named and not named.startswith("file://")
    return folder if named and not is_url and is_on_this_machine(folder) and folder.is_dir() else None


def is_on_this_machine(file: Path) -> bool:
    """Whether a file lies on a drive of this machine and not on a share, whose rights are its own machine's."""
    return not PureWindowsPath(str(file)).drive.startswith("\\\\")
