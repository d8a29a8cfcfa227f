"""What the locked requirements promise: hashes, no address, the same versions for running and for testing."""

from __future__ import annotations

from bootstrap.environment import requirements_file


def test_the_locked_requirements_carry_hashes_and_no_address() -> None:
    for name in ("runtime", "dev", "node", "benchmarks"):
        text = requirements_file(name).read_text(encoding="utf-8")
        assert "://" not in text
        assert "--index" not in text
        assert "--find-links" not in text
        pinned = [line for line in text.splitlines() if "==" in line and not line.startswith(" ")]
        assert pinned
        assert all(line.endswith("\\") for line in pinned)
        assert text.count("--hash=sha256:") >= len(pinned)


def test_what_runs_is_pinned_the_same_for_running_and_for_testing() -> None:
    def pins(name: str) -> set[str]:
        text = requirements_file(name).read_text(encoding="utf-8")
        # Without the markers: what running needs on Windows only, a tool of the tests may need everywhere.
        lines = [line for line in text.splitlines() if "==" in line and not line.startswith(" ")]
        return {line.rstrip(" \\").partition(";")[0].strip() for line in lines}

    assert pins("runtime") <= pins("dev")
