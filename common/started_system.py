"""What `up` has started here: addresses and source of the run, for programs that are called beside it.

`up` gives services other ports where the usual ones are taken, and the demo catalogue where no source is set; it tells both in
`<state>/run/supervisor.json`.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from common.processes import is_running
from common.settings import Settings

RECORD_FILE = "supervisor.json"
ENDED = ("stopped", "failed")


def as_started(settings: Settings) -> Settings:
    """The settings with the addresses of the run that is alive, and the source of the last one where none is set."""
    try:
        record: dict[str, Any] = json.loads((settings.whole.run_path / RECORD_FILE).read_text(encoding="utf-8"))
        update = _source(settings, record) | (_addresses(settings, record) if _alive(record) else {})
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return settings
    return settings.model_copy(update=update)


def _alive(record: dict[str, Any]) -> bool:
    return record["phase"] not in ENDED and is_running(int(record["pid"]), float(record["started_at"]))


def _source(settings: Settings, record: dict[str, Any]) -> dict[str, Any]:
    source = Path(record.get("dataset") or "")
    set_already = bool(settings.at_site) or settings.dataset is not None or settings.initial_dataset is not None
    return {"initial_dataset": source} if not set_already and record.get("dataset") and source.exists() else {}


def _addresses(settings: Settings, record: dict[str, Any]) -> dict[str, Any]:
    """Addresses of the run; of several hosts only the gateway's, the others are set by hand and do not move."""
    found: dict[str, list[str]] = {}
    for process in record["processes"]:
        found.setdefault(process["name"].partition("-")[0], []).append(process["address"])
    named: dict[str, Any] = {}
    for kind in () if settings.host else ("auth", "trainer"):
        if kind in found:
            named[f"{kind}_address"] = found[kind][0]
    for kind in () if settings.host else ("ann", "aggregate"):
        if kind in found:
            named[f"{kind}_addresses"] = found[kind]
    if "gateway" in found:
        named["gateway_port"] = int(found["gateway"][0].rpartition(":")[2])
    return named
