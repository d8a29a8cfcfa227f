"""The .proto files: generated code is what they give, and every part of them is explained."""

from __future__ import annotations

import re

import pytest

from protos.generate import ROOT, drift, proto_files

DECLARATION = re.compile(
    r"^\s*(?:(?:optional|repeated)\s+)?(?:map<[\w., ]+>|[\w.]+)\s+\w+\s*=\s*\d+(?:\s*\[.*\])?;|^\s*(?:message|service|enum|rpc|oneof)\s+\w+"
)


def test_the_generated_code_is_what_the_proto_files_give() -> None:
    assert drift() == []


@pytest.mark.parametrize("name", proto_files())
def test_every_service_method_message_and_field_has_a_comment(name: str) -> None:
    bare = []
    before = ""
    for line in (ROOT / name).read_text(encoding="utf-8").splitlines():
        if DECLARATION.match(line) and not before.strip().startswith("//"):
            bare.append(line.strip())
        before = line
    assert bare == []


@pytest.mark.parametrize("name", proto_files())
def test_every_file_is_in_the_package_that_its_folder_names(name: str) -> None:
    _protos, area, version, _file = name.split("/")
    assert f"package routing.{area}.{version};" in (ROOT / name).read_text(encoding="utf-8")
