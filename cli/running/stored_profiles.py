"""Input profiles in the installation's database: which is active, storing one, making one active; and one that a start brings along."""

from __future__ import annotations

from pathlib import Path

from cli.control_plane import ControlPlane
from common.settings import Settings
from plant.input_profile import InputProfile
from plant.profile_files import read_profile, write_profile
from protos.documents.v1 import documents_pb2 as pb
from source.serving_source import note_profile

STARTED_WITH = "started-with.profile.json"
"""Profile that `up` was given and auth_service has not stored yet."""
INPUT = pb.PROFILE_KIND_INPUT


async def read_active(control: ControlPlane) -> InputProfile:
    """The active input profile.

    Raises:
        ServiceError: auth_service did not answer.
    """
    found = await control.call(control.mapping.GetProfile, pb.GetProfileRequest(kind=INPUT))
    return InputProfile.read(found.profile_json)


async def save_profile(control: ControlPlane, profile: InputProfile) -> str:
    """Store a profile under its name; returns what was done, for people.

    Raises:
        ServiceError: it is refused, or auth_service did not answer.
    """
    listed = await control.call(control.mapping.ListProfiles, pb.ListProfilesRequest(kind=INPUT))
    known = {one.name.casefold(): one for one in listed.profiles}
    present = known.get(profile.name.casefold())
    request = pb.SaveProfileRequest(
        kind=INPUT, name=present.name if present else "", profile_json=profile.to_json(), comment="command line"
    )
    saved = await control.call(control.mapping.SaveProfile, request)
    if present is None:
        return f"Stored: {saved.name}"
    same = saved.revision == present.revision
    return f"Unchanged: {saved.name}" if same else f"Stored: {saved.name}, revision {saved.revision}"


async def activate_profile(control: ControlPlane, name: str) -> list[str]:
    """Make a profile active; returns what that means, for people.

    Raises:
        ServiceError: it is refused, or auth_service did not answer.
    """
    done = await control.call(control.mapping.ActivateProfile, pb.ActivateProfileRequest(kind=INPUT, name=name))
    said = [f"Active: {done.profile.name}"]
    return said + [text for text in (done.refresh_needed, done.training_needed) if text]


def bring_along(settings: Settings, profile: InputProfile) -> None:
    """Leave a profile for the start that follows.

    Raises:
        OSError: the state folder cannot be written.
    """
    write_profile(settings.run_path / STARTED_WITH, profile)
    note_profile(settings, profile.to_json())


async def take_over_brought(settings: Settings) -> None:
    """Store and activate the profile that a start brought along, once.

    Raises:
        ServiceError: it is refused, or auth_service did not answer.
    """
    path: Path = settings.run_path / STARTED_WITH
    if not path.exists():
        return
    profile = read_profile(path)
    async with ControlPlane(settings) as control:
        await save_profile(control, profile)
        if (await read_active(control)).name != profile.name:
            await activate_profile(control, profile.name)
    path.unlink(missing_ok=True)
