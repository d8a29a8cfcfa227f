"""Mapping profiles as one JSON text and back: {schema, kind, profiles}; a single profile is understood too."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

import orjson
from sqlalchemy.orm import Session

from auth_service.mapping import profiles
from common.errors import InvalidInput

SCHEMA: Final = "routing-ml/profiles@1"


@dataclass(frozen=True)
class Imported:
    """Names of the profiles of a text, by what became of them."""

    created: list[str] = field(default_factory=list)
    updated: list[str] = field(default_factory=list)
    unchanged: list[str] = field(default_factory=list)


def export(session: Session, kind: str, names: Sequence[str] = ()) -> str:
    """Profiles as a text.

    Args:
        names: empty: all but those that come with the product.

    Raises:
        NotFound: one is unknown.
    """
    if names:
        chosen = [profiles.get(session, kind, name) for name in names]
    else:
        chosen = [profile for profile in profiles.list_profiles(session, kind) if not profile.built_in]
    document = {
        "schema": SCHEMA,
        "kind": kind,
        "profiles": [orjson.loads(profile.inspected.json) for profile in chosen],
    }
    return orjson.dumps(document, option=orjson.OPT_INDENT_2).decode("utf-8")


def take_over(
    session: Session, kind: str, content: str, *, author: str, now: float, available: Sequence[str] = ()
) -> Imported:
    """Create or change the profiles of a text, by name.

    Raises:
        InvalidInput: not such a text, or of the other kind. Otherwise as `profiles.save`; then nothing is taken over.
    """
    known = {profile.name.casefold(): profile for profile in profiles.list_profiles(session, kind, available)}
    result = Imported()
    for text in _texts(kind, content):
        name = str(orjson.loads(text).get("name", "")).strip()
        present = known.get(name.casefold())
        if present is not None and _same(present, text):
            result.unchanged.append(present.name)
            continue
        saved = profiles.save(
            session,
            kind,
            text,
            name=present.name if present else "",
            comment="imported",
            author=author,
            now=now,
            available=available,
        )
        if present is None:
            result.created.append(saved.name)
        elif saved.revision == present.revision:
            result.unchanged.append(saved.name)
        else:
            result.updated.append(saved.name)
        known[saved.name.casefold()] = saved
    return result


def _same(present: profiles.Profile, text: str) -> bool:
    return bool(orjson.loads(present.inspected.json) == orjson.loads(text))


def _texts(kind: str, content: str) -> list[str]:
    """The profiles of a text, each as a text of its own."""
    try:
        document = orjson.loads(content.removeprefix("﻿"))
    except orjson.JSONDecodeError as error:
        raise InvalidInput(f"The text is not JSON ({error})") from None
    if not isinstance(document, dict):
        raise InvalidInput("The text must be a JSON object: exported profiles, or a single profile")
    if "profiles" not in document:
        return [orjson.dumps(document).decode()]
    said = document.get("kind", kind)
    if document.get("schema", SCHEMA) != SCHEMA or said != kind:
        raise InvalidInput(
            f"The text holds {said} profiles as {document.get('schema')}; wanted are {kind} profiles as {SCHEMA}"
        )
    listed = document["profiles"]
    if not isinstance(listed, list) or not all(isinstance(one, dict) for one in listed):
        raise InvalidInput("`profiles` must be a list of objects")
    return [orjson.dumps(one).decode() for one in listed]
