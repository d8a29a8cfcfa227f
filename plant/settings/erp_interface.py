"""What the settings say about the ERP interface: which format goes which way, and where to."""

from __future__ import annotations

import re
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, Literal
from urllib.parse import SplitResult, urlsplit

from common.errors import FieldViolation, PreconditionFailed
from common.notices import notice
from plant.settings.sections import ExportSection

Channel = Literal["file", "http"]

FILE_FOLDER: Final = "erp"
"""Folder below the export directory that an ERP fetches files from."""

AUTHORIZATION_FILE: Final = "erp.authorization"
"""File in the installation's folder of secrets: value of the header Authorization for the ERP."""

PROTOCOLS: Final = MappingProxyType(
    {
        "csv": ("file", "csv"),
        "json": ("file", "json"),
        "xml": ("file", "xml"),
        "http-csv": ("http", "csv"),
        "http-json": ("http", "json"),
        "http-xml": ("http", "xml"),
    }
)
"""Protocols: how a message goes, and in which format."""

OTHER_NAMES: Final = MappingProxyType({"http": "http-json", "https": "http-json", "rest": "http-json"})
CONTENT_TYPES: Final = MappingProxyType(
    {"csv": "text/csv; charset=utf-8", "json": "application/json", "xml": "application/xml"}
)


@dataclass(frozen=True)
class ErpInterface:
    """The interface as it is set up.

    Attributes:
        enabled: whether the settings have it on.
        protocol: one of PROTOCOLS; "" when the settings name none.
        channel: how messages go; None without a protocol.
        format: csv, json or xml; "" without a protocol.
        endpoint: URL for the channel http.
        problem: what is wrong with the settings, for people; "" when nothing is.
    """

    enabled: bool
    protocol: str
    channel: Channel | None
    format: str
    endpoint: str
    problem: str

    @classmethod
    def of(cls, section: ExportSection) -> ErpInterface:
        """What a section says."""
        named, endpoint = (section.erp_protocol or "").strip(), (section.erp_endpoint or "").strip()
        protocol = normal_protocol(named) if named else "http-json" if endpoint else ""
        channel, kind = PROTOCOLS.get(protocol, (None, ""))
        problem = ""
        if channel is None:
            problem = notice(
                "ERP_PROTOCOL_UNKNOWN" if named else "ERP_PROTOCOL_MISSING",
                "export.erp_protocol is {named}: set it to one of {known}",
                named=repr(named),
                known=", ".join(PROTOCOLS),
            )
        elif channel == "http":
            problem = (
                endpoint_problem(endpoint)
                if endpoint
                else notice("ERP_ENDPOINT_MISSING", "export.erp_endpoint is not set: name the ERP's URL")
            )
        return cls(section.erp_interface_enabled, protocol if channel else "", channel, kind, endpoint, problem)  # type: ignore[arg-type]

    @property
    def ready(self) -> bool:
        """Whether messages can be handed over."""
        return self.enabled and not self.problem

    def not_ready(self) -> PreconditionFailed:
        """The error of an interface that is not `ready`."""
        why = self.problem or notice(
            "ERP_OFF", "the ERP interface is off: an administrator switches it on in the options"
        )
        return PreconditionFailed(
            f"Nothing can be handed to the ERP: {why}", reason="ERP_NOT_READY", violations=[FieldViolation("", why)]
        )

    @property
    def target(self) -> str:
        """Where messages go, without anything secret."""
        if self.channel == "file":
            return f"{FILE_FOLDER}/"
        return shown_url(self.endpoint) if self.channel == "http" else ""


def normal_protocol(name: str) -> str:
    """A protocol's name as PROTOCOLS has it: `HTTP + XML`, `http_xml` and `https/xml` are http-xml."""
    parts = [part for part in re.split(r"[\s+_/.:-]+", name.lower()) if part and part not in ("file", "push")]
    plain = "-".join(parts)
    known = OTHER_NAMES.get(plain)
    if known is not None or len(parts) != 2:
        return known or plain
    kind = next((part for part in parts if part in ("csv", "json", "xml")), "")
    way = next((part for part in parts if part in OTHER_NAMES), "")
    return f"http-{kind}" if kind and way else plain


def endpoint_problem(endpoint: str) -> str:
    """Why an endpoint cannot be used; "" when it can."""
    parts = _split(endpoint)
    if parts is None or not is_web_address(endpoint):
        return notice(
            "ERP_ENDPOINT_UNUSABLE",
            "export.erp_endpoint must be an address such as {example} (http or https)",
            example="https://erp.plant.local/routing",
        )
    if parts.username is not None or parts.password is not None:
        return notice(
            "ERP_ENDPOINT_HOLDS_PASSWORD",
            "export.erp_endpoint holds a password: put the credential into secrets/{file} of the state folder",
            file=AUTHORIZATION_FILE,
        )
    return ""


def is_web_address(text: str) -> bool:
    """Whether a text is an address of http or https with a host, and nothing that a browser would run."""
    parts = _split(text)
    return parts is not None and parts.scheme.lower() in ("http", "https") and bool(parts.hostname)


def shown_url(endpoint: str) -> str:
    """An endpoint without user, password, query and fragment, which may be secret."""
    parts = _split(endpoint)
    if parts is None or not parts.hostname:
        return ""
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    return f"{parts.scheme}://{host}{f':{parts.port}' if parts.port else ''}{parts.path}"


def _split(endpoint: str) -> SplitResult | None:
    if any(ord(character) < 33 or ord(character) == 127 for character in endpoint):
        return None
    try:
        parts = urlsplit(endpoint)
        _port = parts.port  # raises where it is no number
    except ValueError:
        return None
    return parts
