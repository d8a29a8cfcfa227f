"""The documents under `/docs`: files of the built site, each page with a policy that admits exactly its own inline scripts."""

from __future__ import annotations

import base64
import hashlib
import re
from functools import lru_cache
from pathlib import Path
from typing import Final

from starlette.exceptions import HTTPException
from starlette.responses import FileResponse, RedirectResponse, Response

from gateway.security import PAGE_POLICY

LANGUAGES: Final = ("ko", "en")
_INLINE: Final = re.compile(rb"<script(?![^>]*\bsrc=)[^>]*>(.*?)</script>", re.DOTALL | re.IGNORECASE)


def preferred_language(accepted: str) -> str:
    """The language of the documents for a browser's Accept-Language; Korean where it says nothing."""
    wishes: list[tuple[float, str]] = []
    for position, part in enumerate(accepted.split(",")):
        name, _, parameters = part.strip().partition(";")
        quality = re.search(r"q=([0-9.]+)", parameters)
        try:
            weight = float(quality[1]) if quality else 1.0
        except ValueError:
            weight = 0.0
        wishes.append((weight - position / 1000, name.strip().lower()[:2]))
    return next((name for _weight, name in sorted(wishes, reverse=True) if name in LANGUAGES), LANGUAGES[0])


def document_file(site: Path, path: str) -> Response:
    """A file of the site; of a folder its index page.

    Raises:
        HTTPException: 404 for what is not in the site.
    """
    root = site.resolve()
    try:
        wanted = (root / path).resolve()
        inside = wanted.is_relative_to(root)
        is_folder = inside and wanted.is_dir()
        if is_folder and not path.endswith("/"):
            return RedirectResponse(f"/docs/{path}/")
        file = wanted / "index.html" if is_folder else wanted
        is_file = inside and file.is_file()
    except (OSError, ValueError):
        is_file = False
    if not is_file or any(part.startswith(".") for part in file.relative_to(root).parts):
        raise HTTPException(404, "There is no such document; see /docs, and /docs/api for the routes of the API")
    headers = {"cache-control": "no-cache"}
    if file.suffix == ".html":
        headers["content-security-policy"] = page_policy(file, file.stat().st_mtime_ns)
    elif file.suffix == ".js":  # the search runs in a worker, which obeys the policy of its own script
        headers["content-security-policy"] = "default-src 'self'"
    return FileResponse(file, headers=headers)


@lru_cache(maxsize=256)
def page_policy(file: Path, changed_at: int) -> str:
    """The content security policy of a page as it is since `changed_at`: scripts of this server, and the page's own by their hash."""
    hashes = {
        base64.b64encode(hashlib.sha256(script).digest()).decode() for script in _INLINE.findall(file.read_bytes())
    }
    allowed = " ".join(["'self'", *(f"'sha256-{digest}'" for digest in sorted(hashes))])
    return f"{PAGE_POLICY}; script-src {allowed}"
