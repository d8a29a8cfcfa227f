"""The codes and values of sentences as messages, which go beside their texts from process to process."""

from __future__ import annotations

from collections.abc import Iterable

from common.notices import Notice
from protos.common.v1 import notice_pb2 as pb


def notice_message(text: str) -> pb.Notice:
    """The code and values of a text; empty where it has none."""
    if not isinstance(text, Notice):
        return pb.Notice()
    return pb.Notice(code=text.code, parameters=dict(text.parameters))


def notice_messages(texts: Iterable[str]) -> list[pb.Notice]:
    """The codes and values of texts, parallel to them."""
    return [notice_message(text) for text in texts]


def from_message(text: str, message: pb.Notice) -> str:
    """A text with the code and values that came beside it."""
    return Notice(text, message.code, message.parameters) if message.code else text
