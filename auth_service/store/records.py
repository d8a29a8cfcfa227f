"""The tables of accounts, sessions, keys, audit, model versions and settings. Rules that must never break are constraints here."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Double,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    Text,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from auth_service.store.database import Base

Number = BigInteger().with_variant(Integer, "sqlite")
"""Running numbers: SQLite only counts up by itself on INTEGER."""


class AccountRecord(Base):
    """A person's account."""

    __tablename__ = "accounts"
    __table_args__ = (CheckConstraint("status IN ('pending', 'approved', 'rejected')", name="status"),)

    id: Mapped[int] = mapped_column(Number, primary_key=True, autoincrement=True)
    username: Mapped[str] = mapped_column(String(254))
    username_key: Mapped[str] = mapped_column(String(1024), unique=True)
    """The e-mail as it is compared: NFKC, casefolded."""
    display_name: Mapped[str | None] = mapped_column(String(128))
    status: Mapped[str] = mapped_column(String(16), index=True)
    is_admin: Mapped[bool] = mapped_column(Boolean, default=False)
    disabled: Mapped[bool] = mapped_column(Boolean, default=False)
    password_hash: Mapped[str] = mapped_column(String(256))
    reason: Mapped[str] = mapped_column(Text, default="")
    created_at: Mapped[float] = mapped_column(Double)
    updated_at: Mapped[float] = mapped_column(Double)
    last_login_at: Mapped[float] = mapped_column(Double, default=0.0)


class SessionRecord(Base):
    """A log-in session; ended early when `ended_at` is not 0."""

    __tablename__ = "sessions"

    session_id: Mapped[str] = mapped_column(String(64), primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("accounts.id", ondelete="CASCADE"), index=True)
    issued_at: Mapped[float] = mapped_column(Double)
    expires_at: Mapped[float] = mapped_column(Double, index=True)
    ended_at: Mapped[float] = mapped_column(Double, default=0.0)
    ended_because: Mapped[str] = mapped_column(String(64), default="")
    client_host: Mapped[str] = mapped_column(String(255), default="")


class SigningKeyRecord(Base):
    """A key that signs or has signed tokens. The private part is encrypted with a secret of the state folder."""

    __tablename__ = "signing_keys"

    key_id: Mapped[str] = mapped_column(String(64), primary_key=True)
    public_key: Mapped[bytes] = mapped_column(LargeBinary)
    private_key: Mapped[bytes] = mapped_column(LargeBinary)
    created_at: Mapped[float] = mapped_column(Double)
    replaced_at: Mapped[float] = mapped_column(Double, default=0.0)
    """When a newer key took over; 0 for the key that signs."""
    verifies_until: Mapped[float] = mapped_column(Double)


class AuditRecord(Base):
    """One event. Triggers of the database refuse changes, and deletions of what is not in an archive."""

    __tablename__ = "audit_events"

    id: Mapped[int] = mapped_column(Number, primary_key=True, autoincrement=True)
    at: Mapped[float] = mapped_column(Double, index=True)
    username: Mapped[str] = mapped_column(String(254), default="")
    username_key: Mapped[str] = mapped_column(String(1024), default="", index=True)
    client_host: Mapped[str] = mapped_column(String(255), default="")
    action: Mapped[str] = mapped_column(String(128), index=True)
    target: Mapped[str] = mapped_column(String(512), default="")
    request_id: Mapped[str] = mapped_column(String(64), default="")
    payload_json: Mapped[str] = mapped_column(Text, default="{}")


class AuditArchiveRecord(Base):
    """A file that events were moved to: ids `first_id` to `last_id`. Never changed, never deleted."""

    __tablename__ = "audit_archives"

    id: Mapped[int] = mapped_column(Number, primary_key=True, autoincrement=True)
    at: Mapped[float] = mapped_column(Double)
    file: Mapped[str] = mapped_column(Text)
    sha256: Mapped[str] = mapped_column(String(64))
    events: Mapped[int] = mapped_column(BigInteger)
    first_id: Mapped[int] = mapped_column(BigInteger)
    last_id: Mapped[int] = mapped_column(BigInteger)


class VersionRecord(Base):
    """A model version. A partial unique index admits one active row at most."""

    __tablename__ = "model_versions"
    __table_args__ = (
        CheckConstraint("status IN ('pending', 'active', 'retired')", name="status"),
        CheckConstraint("(status = 'active') = active_flag", name="active_flag"),
        Index(
            "uq_model_versions_one_active",
            "active_flag",
            unique=True,
            sqlite_where=text("active_flag"),
            postgresql_where=text("active_flag"),
        ),
    )

    id: Mapped[int] = mapped_column(Number, primary_key=True, autoincrement=True)
    version_name: Mapped[str] = mapped_column(String(128), unique=True)
    artifact_dir: Mapped[str] = mapped_column(Text)
    manifest_path: Mapped[str] = mapped_column(Text)
    manifest_sha256: Mapped[str] = mapped_column(String(64))
    bytes: Mapped[int] = mapped_column(BigInteger, default=0)
    status: Mapped[str] = mapped_column(String(16), index=True)
    active_flag: Mapped[bool] = mapped_column(Boolean, default=False)
    withdrawn: Mapped[bool] = mapped_column(Boolean, default=False)
    """Taken out of use by an administrator, not only replaced by a newer version."""
    requested_by: Mapped[str] = mapped_column(String(254), default="")
    created_at: Mapped[float] = mapped_column(Double)
    trained_at: Mapped[float] = mapped_column(Double, default=0.0)
    activated_at: Mapped[float] = mapped_column(Double, default=0.0)
    updated_at: Mapped[float] = mapped_column(Double)


class VersionHistoryRecord(Base):
    """One thing that was done to a version."""

    __tablename__ = "version_history"

    id: Mapped[int] = mapped_column(Number, primary_key=True, autoincrement=True)
    at: Mapped[float] = mapped_column(Double)
    actor: Mapped[str] = mapped_column(String(254))
    action: Mapped[str] = mapped_column(String(32))
    version_name: Mapped[str] = mapped_column(String(128), index=True)
    previous_version: Mapped[str] = mapped_column(String(128), default="")
    reason: Mapped[str] = mapped_column(Text, default="")


class SettingsRevisionRecord(Base):
    """One revision of the settings document."""

    __tablename__ = "settings_revisions"

    revision: Mapped[int] = mapped_column(Number, primary_key=True, autoincrement=False)
    at: Mapped[float] = mapped_column(Double)
    author: Mapped[str] = mapped_column(String(254))
    comment: Mapped[str] = mapped_column(Text, default="")
    document_json: Mapped[str] = mapped_column(Text)
    difference_json: Mapped[str] = mapped_column(Text, default="[]")


class ControlRecord(Base):
    """The single row of what every process follows beside settings, active version and keys."""

    __tablename__ = "control"
    __table_args__ = (CheckConstraint("id = 1", name="single_row"),)

    id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False, default=1)
    revision: Mapped[int] = mapped_column(BigInteger, default=1)
    """Control revision: grows with each change that followers must see."""
