"""What the host has to have: space on the disks that are written to, and certificates that are not about to end."""

from __future__ import annotations

import shutil
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from cryptography import x509

from common.settings import Settings


@dataclass(frozen=True)
class HostFinding:
    """What was found.

    Attributes:
        problem: what is wrong and what to do, for people; "" when nothing is.
        facts: figures by name.
    """

    problem: str
    facts: dict[str, Any] = field(default_factory=dict)


def disk_space(settings: Settings) -> HostFinding:
    """Free space where state, models and logs are written. May take long on a share that has vanished."""
    free: dict[str, int] = {}
    problems = []
    for name, folder in (("state", settings.state_dir), ("models", settings.models_dir), ("logs", settings.logs_path)):
        existing = next((path for path in (folder.absolute(), *folder.absolute().parents) if path.exists()), None)
        try:
            if existing is None:
                raise FileNotFoundError(2, "the drive or share is not there")
            free[name] = shutil.disk_usage(existing).free
        except OSError as error:
            problems.append(
                f"The {name} folder {folder} cannot be reached ({error.strerror or error}): check the drive or share"
            )
            continue
        if free[name] < settings.least_free_bytes:
            problems.append(
                f"The disk of the {name} folder {folder} has {free[name] / 1e9:.1f} GB free: delete old versions, backups or logs"
            )
    return HostFinding("; ".join(dict.fromkeys(problems)), {"free_bytes": free})


def certificates(settings: Settings, now: datetime | None = None) -> HostFinding:
    """Days until the certificates of the proxy and of the services end; negative when they have ended."""
    moment = now or datetime.now(UTC)
    days: dict[str, float] = {}
    problems = []
    for name, path in (("https", settings.https_certificate), ("services", settings.tls_certificate)):
        if path is None:
            continue
        try:
            first = x509.load_pem_x509_certificates(path.read_bytes())[0]
        except (OSError, ValueError, IndexError) as error:
            problems.append(
                f"The certificate {path} cannot be read ({error}): let this account read it, or correct the setting"
            )
            continue
        days[name] = round((first.not_valid_after_utc - moment).total_seconds() / 86_400, 2)
        if first.not_valid_before_utc > moment:
            problems.append(
                f"The certificate {path} is valid from {first.not_valid_before_utc:%Y-%m-%d %H:%M} UTC: check the clock"
            )
        elif days[name] < 0:
            problems.append(
                f"The certificate {path} ended {-days[name]:.0f} days ago: replace it (and check the clock)"
            )
        elif days[name] < settings.certificate_days:
            problems.append(f"The certificate {path} ends in {days[name]:.0f} days: replace it")
    return HostFinding("; ".join(problems), {"days_left": days})


def clock(settings: Settings) -> HostFinding:
    """Whether the clock can be right: nothing that this installation wrote lately may lie in the future."""
    now = time.time()
    newest = now
    for folder in (settings.run_path, settings.logs_path, settings.state_dir):
        try:
            newest = max([newest, *(path.stat().st_mtime for path in folder.iterdir() if path.is_file())])
        except OSError:
            continue
    ahead = newest - now
    problem = ""
    if ahead > 300:
        problem = (
            f"Files of this installation are {ahead / 3600:.1f} hours newer than the clock: it was set back, or was wrong when they "
            "were written. Set the time (w32tm /resync), then restart the services, so that sessions are valid again"
        )
    return HostFinding(problem, {"ahead_seconds": round(ahead, 1)})
