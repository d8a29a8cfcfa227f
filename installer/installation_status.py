"""How an installation is: its versions, the current one, an interrupted change, whether it serves."""

from __future__ import annotations

from dataclasses import asdict, dataclass

from installer import verification
from installer.journal import previous_version, read_operation
from installer.layout import Layout
from installer.wording import words


@dataclass(frozen=True)
class InstallationStatus:
    """An installation as it is now.

    Attributes:
        current: version that runs, or is to run; None when nothing is installed.
        previous: version that a rollback would go to.
        installed: versions that are there completely.
        interrupted: what an interrupted change had begun, in words; "" when nothing.
        answers: whether the gateway answers.
        predicts: whether predictions are possible.
        serving: version of the software that answers.
        detail: what is wrong, in the gateway's words.
    """

    current: str | None
    previous: str | None
    installed: tuple[str, ...]
    interrupted: str
    answers: bool
    predicts: bool
    serving: str
    detail: str

    def as_json(self) -> dict[str, object]:
        """As a JSON object."""
        return asdict(self)

    def in_words(self) -> str:
        """For people."""
        if self.current is None and not self.interrupted:
            return words("status.not_installed")
        lines = [f"current    {self.current or 'none'}", f"previous   {self.previous or 'none'}"]
        lines.append(f"installed  {', '.join(self.installed) or 'none'}")
        if self.interrupted:
            lines.append(words("status.interrupted", what=self.interrupted))
        state = "predicts" if self.predicts else "answers, cannot predict" if self.answers else "does not answer"
        lines.append(f"gateway    {state}" + (f" (version {self.serving})" if self.serving else ""))
        if self.detail:
            lines.append(f"           {self.detail}")
        return "\n".join(lines)


def status(layout: Layout) -> InstallationStatus:
    """Look at an installation and ask its gateway."""
    operation = read_operation(layout)
    served = verification.ask(verification.gateway_port(layout))
    active = layout.active()
    return InstallationStatus(
        current=active if active and layout.is_complete(active) else None,
        previous=previous_version(layout),
        installed=tuple(layout.installed()),
        interrupted=f"{operation.kind} to {operation.wanted} at step {operation.step}" if operation else "",
        answers=served.answers,
        predicts=served.predicts,
        serving=served.version,
        detail=served.detail,
    )
