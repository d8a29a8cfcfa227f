"""Every test of the installer reads its sentences in English, whatever the language of the machine."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from installer.wording import speak


@pytest.fixture(autouse=True)
def _in_english() -> Iterator[None]:
    speak("en")
    yield
    speak("")
