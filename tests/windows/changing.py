"""Scenarios of changing the version: upgrade and back with predictions, each step refused, the power cut in each step."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from typing import Any

from tests.windows.installing import not_refused
from tests.windows.stage import INSTALLED, WENT_BACK, Differs, Stage, says, serves, until

OLD, NEW, BROKEN = "1.0.0", "1.1.0", "1.2.0"
CLOSE = 1e-6


def differences(one: Any, other: Any, place: str = "") -> list[str]:
    """Where two answers differ by more than 1e-6."""
    if isinstance(one, dict) and isinstance(other, dict) and one.keys() == other.keys():
        return [line for name in one for line in differences(one[name], other[name], f"{place}.{name}")]
    if isinstance(one, list) and isinstance(other, list) and len(one) == len(other):
        return [
            line for n, pair in enumerate(zip(one, other, strict=True)) for line in differences(*pair, f"{place}[{n}]")
        ]
    if isinstance(one, float) and isinstance(other, (int, float)):
        return [] if abs(one - other) <= CLOSE * max(1.0, abs(one)) else [f"{place}: {one} and {other}"]
    return [] if one == other else [f"{place}: {one} and {other}"]


def predicted_as_before(stage: Stage, before: dict[str, Any]) -> None:
    """See that the gateway predicts as it did."""
    until("predictions", lambda: bool(serves_predictions(stage)))
    found = differences(before, stage.predictions())
    if found:
        raise Differs("\n".join(found[:20]))


def serves_predictions(stage: Stage) -> bool:
    """Whether a version of the models answers."""
    try:
        return bool(stage.predictions()["version"])
    except OSError:
        return False


def upgrade_and_back(stage: Stage) -> None:
    """An upgrade predicts as before, and so does the version before after the rollback."""
    before = stage.predictions()
    stage.play(f"{stage.release('r2', NEW)}\\upgrade.ps1")
    serves(NEW)
    predicted_as_before(stage, before)
    stage.play(f"{INSTALLED}\\rollback.ps1")
    serves(OLD)
    predicted_as_before(stage, before)
    not_refused(stage)


REFUSALS: dict[str, tuple[str, ...]] = {
    "place": ("os.replace", "manage.py"),
    "packages": ("-m installer packages",),
    "stop": ("sc.exe config RoutingML-Ann start= disabled",),
    "save": ("auth_service backup",),
    "migrate": ("auth_service migrate",),
    "switch": ("CreateJunction", "current"),
    "define": ("os.replace", "RoutingML-Ann.xml"),
    "secrets": ("make-secrets",),
    "rights": ("icacls.exe", "secrets"),
    "start": ("sc.exe start RoutingML-Gateway",),
}
"""What is refused in each step of an upgrade; register and firewall have nothing to do there, verify fails in `broken-release`."""

LONG = ("place", "packages", "stop", "start", "verify")
"""Steps in the middle of which the power is cut; that of the others is cut when they are done and the journal does not know it yet."""
CUTS = (
    "place",
    "packages",
    "stop",
    "save",
    "migrate",
    "switch",
    "define",
    "register",
    "secrets",
    "rights",
    "firewall",
    "start",
    "verify",
)
FROM_THE_FIRST_FILE = ("place", "packages")


def refused(step: str) -> Callable[[Stage], None]:
    """The scenario of an upgrade whose step is refused: exit code 10, the former version serves, the next upgrade can go on."""

    def scenario(stage: Stage) -> None:
        upgrade = f"{stage.release('r2', NEW)}\\upgrade.ps1"
        if step in FROM_THE_FIRST_FILE:
            stage.without(NEW)
        with stage.refusing(*REFUSALS[step]):
            said = stage.play(upgrade, expected=WENT_BACK)
        says(said, f"at step {step}", "1.0.0")
        until_serves(OLD)
        if stage.journal_step():
            raise Differs("the journal is still there")

    scenario.__doc__ = f"Windows refuses the step {step} of an upgrade: exit code 10, and the former version serves."
    return scenario


def cut(step: str) -> Callable[[Stage], None]:
    """The scenario of a power cut in a step of an upgrade: one rollback.ps1 puts the former version back."""

    def scenario(stage: Stage) -> None:
        scripts = stage.release("r2", NEW)
        if step in FROM_THE_FIRST_FILE:
            stage.without(NEW)
        with contextlib.nullcontext() if step in LONG else stage.waiting_after(step) as reached:
            running = stage.begin(f"{scripts}\\upgrade.ps1")
            until(
                f"step {step}",
                lambda: (reached.exists() if reached else stage.journal_step() == step) or running.poll() is not None,
                400,
            )
            stage.cut_power()
            running.communicate()
        if stage.journal_step() != step:
            raise Differs(f"the upgrade ended before the cut at {step}")
        says(stage.play(f"{scripts}\\status.ps1", expected=1), "rollback.ps1")
        says(stage.play(f"{scripts}\\rollback.ps1"), step)
        until_serves(OLD)

    scenario.__doc__ = (
        f"The power is cut in the step {step} of an upgrade: one rollback.ps1, and the former version serves."
    )
    return scenario


def until_serves(version: str) -> None:
    """Wait until a version serves: services that nothing has stopped start with the machine."""

    def holds() -> bool:
        try:
            return bool(serves(version))
        except Differs:
            return False

    until(f"version {version} serves", holds)


def broken_release(stage: Stage) -> None:
    """A release whose search does not start is taken back by itself, and predicts as before."""
    before = stage.predictions()
    scripts = stage.release("r3", BROKEN)
    main = stage.disk / "r3" / "app" / "ann_service" / "__main__.py"
    main.write_text("raise SystemExit('this release is broken')\n", encoding="utf-8")
    stage.write_sums("r3")
    said = stage.play(f"{scripts}\\upgrade.ps1", expected=WENT_BACK)
    says(said, "RoutingML-Ann")
    serves(OLD)
    predicted_as_before(stage, before)
