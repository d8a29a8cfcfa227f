"""Settings of the processes, from environment variables `ROUTING_ML_*` and `.env`.

What operators change while the plant runs (search, prediction, exports, mappings) is not here but in the settings document
that auth_service owns and every process follows by Watch.
"""

from __future__ import annotations

import json
import re
import socket
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, PrivateAttr, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from common.home import PROGRAM, installed_home
from common.sites import sites_in, unknown_site

Addresses = Annotated[list[str], NoDecode]


class Settings(BaseSettings):
    """Where things are and how processes find each other. Every field has a default that works on one machine."""

    model_config = SettingsConfigDict(
        env_prefix="ROUTING_ML_",
        env_file=".env",
        env_file_encoding="utf-8",
        env_ignore_empty=True,
        extra="ignore",
    )

    state_dir: Path = Field(Path("var"), description="Folder of everything the system writes, models apart")
    models_dir: Path = Field(Path("models"), description="Folder of the model versions")
    artifact_store: str = Field(
        "", description="Where versions lie for all hosts: a folder or s3://bucket/prefix; empty: where they were made"
    )
    artifact_cache_bytes: int = Field(
        20 * 1024**3, ge=0, description="Most bytes of fetched versions that this host keeps"
    )
    dataset: Path | None = Field(None, description="Source: an Access file, or a folder with Parquet or CSV tables")
    initial_dataset: Path | None = Field(None, description="Source until an operator saves another in the settings")
    access_reader: Literal["file", "microsoft"] = Field(
        "file", description="How Access files are read: as they are stored, or by Microsoft's ODBC driver (Windows)"
    )
    source_password: str = Field(
        "", repr=False, description="Password for the database that is the source, where it may not be stored"
    )
    database_url: str = Field("", description="SQLAlchemy URL; empty: SQLite in the state folder")

    bind_host: str = Field("127.0.0.1", description="Address the gRPC services bind; another than loopback needs TLS")
    gateway_host: str = Field("127.0.0.1", description="Address the gateway binds")
    gateway_port: int = Field(8000, ge=1, le=65535, description="Port of the gateway")
    gateway_workers: int = Field(1, ge=1, le=64, description="Gateway processes, on consecutive ports on Windows")
    gateway_connections: int = Field(
        0, ge=0, le=20_000, description="Connections of one gateway process; 0: up to 1,000"
    )
    gateway_work: int = Field(
        1000, ge=1, le=1_000_000, description="Items that the gateway's processes predict at once"
    )
    ann_addresses: Addresses = Field(["127.0.0.1:50051"], description="ann_service processes, comma-separated")
    aggregate_addresses: Addresses = Field(["127.0.0.1:50061"], description="aggregate_service processes")
    auth_address: str = Field(
        "127.0.0.1:50071", description="auth_service; several, comma-separated: copies that stand by"
    )
    trainer_address: str = Field("127.0.0.1:50081", description="trainer service")
    sites_file: Path | None = Field(None, description="TOML file of the sites, where there are several plants")
    sites_memory_bytes: int = Field(8 * 1024**3, ge=0, description="Most bytes of sites' versions that one host maps")
    at_site: str = Field(
        "", description="Site that a command or a training is for; empty: the installation's own plant"
    )
    host_name: str = Field("", description="Name of this host among several; empty: the system's")
    service_secret: str = Field("", description="Secret of the installation, the same on every host; empty: a file")
    service_secret_file: Path | None = Field(None, description="File with that secret; unset: one in the state folder")
    tls_certificate: Path | None = Field(None, description="PEM certificate of the gRPC services")
    tls_key: Path | None = Field(None, description="PEM key of that certificate")
    tls_ca: Path | None = Field(None, description="PEM certificate authority that clients trust")
    vectors_url: str = Field(
        "", description="PostgreSQL with the extension vector, for the engine pgvector; empty: the control plane's"
    )
    ray_address: str = Field("", description="Ray cluster that trainings fit models on, such as auto; empty: none")
    rpc_timeout_seconds: float = Field(30.0, gt=0, description="Deadline of a call where the caller sets none")
    stop_grace_seconds: float = Field(3.0, ge=0, description="Time that requests in flight get when a process stops")

    allowed_origins: Addresses = Field([], description="Origins of browser clients served from elsewhere (CORS)")
    cookie_secure: bool = Field(False, description="Send the session cookie over HTTPS only")
    session_minutes: int = Field(60, ge=1, description="Life of a session")
    max_body_bytes: int = Field(8 * 1024 * 1024, ge=1024, description="Largest request body the gateway accepts")
    trusted_proxies: Addresses | None = Field(
        None, description="Proxies whose X-Forwarded-For counts; unset: this machine where cookies are for HTTPS only"
    )
    proxy_token: str = Field(
        "", description="What a proxy sends in X-Routing-ML-Proxy to be one; empty: its address is enough"
    )
    training_by_api: bool = Field(False, description="Allow administrators to start trainings through REST")
    frontend_dir: Path = Field(Path("frontend/dist"), description="Built frontend that the gateway serves")
    docs_dir: Path = Field(Path("docs/site"), description="Built documents that the gateway serves under /docs")
    metrics_token: str = Field("", description="Bearer token that a Prometheus server reads /metrics with; empty: none")
    otlp_endpoint: str = Field(
        "", description="OpenTelemetry collector that traces and figures go to, such as http://otel:4317"
    )
    https_certificate: Path | None = Field(None, description="PEM certificate of the HTTPS proxy, to watch its age")
    certificate_days: int = Field(30, ge=1, description="A certificate that ends sooner is told in /api/health")
    least_free_bytes: int = Field(1024**3, ge=0, description="Less free space on a disk of ours is told in /api/health")
    admin_email: str = Field("admin@routing.local", description="First administrator")
    admin_password: str = Field("", description="Password of the first administrator; empty: random, printed once")

    password_time_cost: int = Field(3, ge=1, le=100, description="Argon2id passes; defaults: RFC 9106, low memory")
    password_memory_kib: int = Field(65_536, ge=64, description="Argon2id memory of one hash, in KiB")
    password_parallelism: int = Field(4, ge=1, le=64, description="Argon2id lanes")
    audit_years: int = Field(0, ge=0, le=100, description="Audit events this old move to files; 0: they stay for ever")

    log_dir: Path | None = Field(None, description="Folder of the log files; unset: logs/ in the state folder")
    log_level: str = Field("INFO", description="DEBUG, INFO, WARNING or ERROR")
    log_max_bytes: int = Field(20 * 1024 * 1024, ge=1024, description="A log file is rotated at this size")
    log_retention_days: int = Field(30, ge=1, description="Rotated log files older than this are deleted")
    log_console: bool = Field(False, description="Write log lines to standard error too")

    _whole: Settings | None = PrivateAttr(None)

    @property
    def whole(self) -> Settings:
        """The settings of the installation that these are part of: themselves unless they are a site's."""
        return self._whole or self

    def at(self, name: str) -> Settings:
        """The settings of one of the sites; "" the installation's own.

        Raises:
            NotFound: there is no such site. InvalidInput: the file of the sites cannot be understood.
        """
        whole = self.whole
        if not name:
            return whole
        site = sites_in(whole.sites_file).get(name)
        if site is None:
            raise unknown_site(name)
        folder = whole.state_dir / "sites" / name
        made = whole.model_copy(
            update={
                "at_site": name,
                "state_dir": folder,
                "models_dir": site.models or folder / "models",
                "dataset": None,
                "initial_dataset": site.source,
                "source_password": "",
                "database_url": _database_of(whole.database_url, name, folder),
                "log_dir": whole.logs_path,
            }
        )
        made._whole = whole
        return made

    @field_validator("ann_addresses", "aggregate_addresses", "allowed_origins", "trusted_proxies", mode="before")
    @classmethod
    def split_commas(cls, value: object) -> object:
        """Accept `a,b` and `["a", "b"]` from the environment beside real lists."""
        if not isinstance(value, str):
            return value
        if value.strip().startswith("["):
            return json.loads(value)
        return [part.strip() for part in value.split(",") if part.strip()]

    @field_validator("host_name")
    @classmethod
    def check_host_name(cls, value: str) -> str:
        """Refuse what could not stand in a file's name."""
        if value and not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]{0,62}", value):
            raise ValueError("must be up to 63 letters, digits, dots, hyphens and underscores")
        return value

    @property
    def auth_addresses(self) -> list[str]:
        """The copies of auth_service, of which one is active."""
        return [part.strip() for part in self.auth_address.split(",") if part.strip()]

    @property
    def service_addresses(self) -> dict[str, list[str]]:
        """Addresses of the services by kind, in the order in which they start."""
        return {
            "auth": self.auth_addresses,
            "aggregate": self.aggregate_addresses,
            "ann": self.ann_addresses,
            "trainer": [self.trainer_address],
        }

    @property
    def host(self) -> str:
        """Name of this host; "" in an installation of one machine, where names of processes need none."""
        if self.host_name:
            return self.host_name
        addresses = [address for several in self.service_addresses.values() for address in several]
        alone = all(address.startswith(("127.", "localhost:", "[::1]:")) for address in addresses)
        return "" if alone else socket.gethostname().partition(".")[0]

    def instance(self, process: str, port: int | str) -> str:
        """Name of a process, unique in the installation: `ann-50051`, where there are several hosts `ann-50051@host`."""
        return f"{process}-{port}" + (f"@{self.host}" if self.host else "")

    def name_at(self, process: str, address: str) -> str:
        """Name for people of the process at an address: `ann-50051`, where there are several hosts `ann-50051@10.0.0.5`."""
        host, _, port = address.rpartition(":")
        return f"{process}-{port}" + (f"@{host}" if self.host else "")

    @property
    def proxies(self) -> list[str]:
        """Addresses of the proxies whose X-Forwarded-For counts.

        Where browsers use HTTPS, a proxy stands before the gateway, on this machine unless said otherwise. Where they do not, whoever
        connects is the client: any program on this machine could otherwise pretend to be any number of clients, or somebody else.
        """
        if self.trusted_proxies is not None:
            return self.trusted_proxies
        return ["127.0.0.1", "::1"] if self.cookie_secure else []

    @property
    def logs_path(self) -> Path:
        """Folder of the log files."""
        return self.log_dir or self.state_dir / "logs"

    @property
    def run_path(self) -> Path:
        """Folder of what running processes leave for each other (ports, process ids, last control state)."""
        return self.state_dir / "run"

    @property
    def snapshots_path(self) -> Path:
        """Folder of the source snapshots."""
        return self.state_dir / "snapshots"

    @property
    def derived_path(self) -> Path:
        """Folder of files derived from versions whose own folder may not be written (mapped indexes, manifests)."""
        return self.state_dir / "derived"

    @property
    def versions_path(self) -> Path:
        """Folder of the versions that were fetched from the artifact store."""
        return self.state_dir / "versions"

    @property
    def deltas_path(self) -> Path:
        """Folder of what each version was trained from, by which aggregate_service tells what changed since."""
        return self.state_dir / "deltas"

    @property
    def audit_archive_path(self) -> Path:
        """Folder of the files that old audit events are moved to."""
        return self.state_dir / "audit"

    @property
    def secrets_path(self) -> Path:
        """Folder of the installation's key material, readable by the service accounts only."""
        return self.whole.state_dir / "secrets"

    @property
    def plant_secrets_path(self) -> Path:
        """Folder of what only this plant may know, as the word by which its ERP knows it; a site has its own."""
        return self.state_dir / "secrets"

    @property
    def sqlalchemy_url(self) -> str:
        """URL of the control-plane database."""
        return self.database_url or f"sqlite:///{(self.state_dir / 'routing.db').resolve().as_posix()}"


def _database_of(url: str, site: str, folder: Path) -> str:
    """URL of a site's database: a schema of its own on PostgreSQL, a file of its own otherwise."""
    if not url.startswith("postgres"):
        return f"sqlite:///{(folder / 'routing.db').resolve().as_posix()}"
    chosen = f"-csearch_path%3Dsite_{site}"
    with_own = re.sub(r"([?&]options=[^&]*)", rf"\1%20{chosen}", url)
    return with_own if with_own != url else f"{url}{'&' if '?' in url else '?'}options={chosen}"


_PATHS = (
    "state_dir",
    "models_dir",
    "frontend_dir",
    "docs_dir",
    "https_certificate",
    "dataset",
    "initial_dataset",
    "log_dir",
    "sites_file",
    "service_secret_file",
    "tls_certificate",
    "tls_key",
    "tls_ca",
)


_OF_PROGRAM = ("frontend_dir", "docs_dir")
"""Folders that come with the program unless the settings name others or the home has its own."""


def settings_at(home: Path) -> Settings:
    """Settings from the environment and the .env of a folder, with relative paths taken from that folder.

    Raises:
        pydantic.ValidationError: a setting cannot be understood.
    """
    read = Settings(_env_file=home / ".env")
    found = {name: home / path for name in _PATHS if (path := getattr(read, name)) is not None}
    for name in _OF_PROGRAM:
        if name not in read.model_fields_set and not found[name].exists():
            found[name] = PROGRAM / getattr(read, name)
    return read.model_copy(update=found)


@lru_cache(maxsize=1)
def settings() -> Settings:
    """The settings of this process, read once: those of the installation that it lies in, in a clone those of the current folder.

    Raises:
        NotFound: they name a site that is not there.
    """
    home = installed_home()
    read = Settings() if home is None else settings_at(home)
    return read.at(read.at_site)
