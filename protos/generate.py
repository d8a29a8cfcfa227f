"""Generates the Python modules and stubs beside each .proto; `--check` compares them with what is committed."""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
from importlib import resources
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def proto_files(root: Path = ROOT) -> list[str]:
    """Paths of all .proto files below protos/, relative to the project with forward slashes, sorted."""
    return sorted(p.relative_to(root).as_posix() for p in (root / "protos").rglob("*.proto"))


def generate(out: Path) -> None:
    """Write _pb2.py, _pb2.pyi and, for services, _pb2_grpc.py and _pb2_grpc.pyi below `out`.

    Raises:
        RuntimeError: protoc refused a file; its message is on standard error.
    """
    from grpc_tools import protoc

    well_known = str(resources.files("grpc_tools") / "_proto")
    mypy_plugin = shutil.which("protoc-gen-mypy", path=str(Path(sys.executable).parent))
    grpc_plugin = shutil.which("protoc-gen-mypy_grpc", path=str(Path(sys.executable).parent))
    if not mypy_plugin or not grpc_plugin:
        raise RuntimeError("mypy-protobuf is not installed in this virtual environment: run `manage.py setup`")
    files = proto_files()
    services = [f for f in files if "service " in (ROOT / f).read_text(encoding="utf-8")]
    common = ["protoc", f"-I{ROOT}", f"-I{well_known}"]
    runs = [
        [*common, f"--plugin=protoc-gen-mypy={mypy_plugin}", f"--python_out={out}", f"--mypy_out=quiet:{out}", *files],
        [
            *common,
            f"--plugin=protoc-gen-mypy_grpc={grpc_plugin}",
            f"--grpc_python_out={out}",
            f"--mypy_grpc_out=quiet:{out}",
            *services,
        ],
    ]
    for run in runs:
        if protoc.main(run) != 0:
            raise RuntimeError("protoc failed; see above")


def generated_files(root: Path) -> dict[str, bytes]:
    """Contents of the generated files below `root`, by relative path."""
    found: dict[str, bytes] = {}
    for pattern in ("*_pb2.py", "*_pb2.pyi", "*_pb2_grpc.py", "*_pb2_grpc.pyi"):
        for path in (root / "protos").rglob(pattern):
            found[path.relative_to(root).as_posix()] = path.read_bytes().replace(b"\r\n", b"\n")
    return found


def drift() -> list[str]:
    """Generated files that differ from what the .proto files give now."""
    with tempfile.TemporaryDirectory() as folder:
        generate(Path(folder))
        fresh, committed = generated_files(Path(folder)), generated_files(ROOT)
    return sorted(name for name in fresh.keys() | committed.keys() if fresh.get(name) != committed.get(name))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="compare only; exit 1 and name what differs")
    if parser.parse_args().check:
        stale = drift()
        for name in stale:
            print(f"{name} is not what its .proto gives: run python -m protos.generate", file=sys.stderr)
        return 1 if stale else 0
    generate(ROOT)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
