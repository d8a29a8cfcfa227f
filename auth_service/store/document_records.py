"""The tables of workspaces, routing groups, RSL groups and mapping profiles. Rules that must never break are constraints here."""

from __future__ import annotations

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Double,
    ForeignKey,
    Index,
    Integer,
    String,
    Text,
    UniqueConstraint,
    false,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column, relationship

from auth_service.store.database import Base
from auth_service.store.records import Number


class WorkspaceRecord(Base):
    """One person's workspace settings."""

    __tablename__ = "workspaces"

    username_key: Mapped[str] = mapped_column(String(1024), primary_key=True)
    username: Mapped[str] = mapped_column(String(254))
    document_json: Mapped[str] = mapped_column(Text)
    updated_at: Mapped[float] = mapped_column(Double)


class RoutingGroupRecord(Base):
    """A planner's saved routing; deleted when `deleted_at` is not 0. An owner's living groups have different names."""

    __tablename__ = "routing_groups"
    __table_args__ = (
        Index(
            "uq_routing_groups_living_name",
            "owner_key",
            "name_key",
            unique=True,
            sqlite_where=text("deleted_at = 0"),
            postgresql_where=text("deleted_at = 0"),
        ),
        Index("ix_routing_groups_updated_at", "updated_at"),
    )

    group_id: Mapped[str] = mapped_column(String(36), primary_key=True)
    owner: Mapped[str] = mapped_column(String(254))
    owner_key: Mapped[str] = mapped_column(String(1024))
    group_name: Mapped[str] = mapped_column(String(64))
    name_key: Mapped[str] = mapped_column(String(256))
    content_json: Mapped[str] = mapped_column(Text)
    step_count: Mapped[int] = mapped_column(Integer)
    version: Mapped[int] = mapped_column(Integer)
    created_at: Mapped[float] = mapped_column(Double)
    updated_at: Mapped[float] = mapped_column(Double)
    deleted_at: Mapped[float] = mapped_column(Double, default=0.0)
    deleted_by: Mapped[str] = mapped_column(String(254), default="")
    items: Mapped[list[RoutingGroupItemRecord]] = relationship(
        order_by="RoutingGroupItemRecord.position", cascade="all, delete-orphan", passive_deletes=True
    )


class RoutingGroupItemRecord(Base):
    """An item code of a routing group."""

    __tablename__ = "routing_group_items"

    group_id: Mapped[str] = mapped_column(ForeignKey("routing_groups.group_id", ondelete="CASCADE"), primary_key=True)
    position: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    item_code: Mapped[str] = mapped_column(String(256))
    item_key: Mapped[str] = mapped_column(String(1024), index=True)


class RoutingSnapshotRecord(Base):
    """A state of a planner's screen, kept once under the id that the client gave it."""

    __tablename__ = "routing_snapshots"
    __table_args__ = (Index("ix_routing_snapshots_owner_received", "owner_key", "received_at"),)

    owner_key: Mapped[str] = mapped_column(String(1024), primary_key=True)
    snapshot_id: Mapped[str] = mapped_column(String(128), primary_key=True)
    group_id: Mapped[str] = mapped_column(String(36), default="")
    created_at: Mapped[str] = mapped_column(String(64), default="")
    received_at: Mapped[float] = mapped_column(Double)
    reason: Mapped[str] = mapped_column(String(256), default="")
    version: Mapped[int | None] = mapped_column(Integer)
    source: Mapped[str] = mapped_column(String(128), default="")
    state_json: Mapped[str] = mapped_column(Text)


class RoutingAuditRecord(Base):
    """That an audit entry of a planner's screen was taken over into the audit log, under the id that the client gave it."""

    __tablename__ = "routing_audits"

    owner_key: Mapped[str] = mapped_column(String(1024), primary_key=True)
    audit_id: Mapped[str] = mapped_column(String(128), primary_key=True)
    received_at: Mapped[float] = mapped_column(Double, index=True)


RSL_STATUSES = ("draft", "ready", "pending_review", "released", "archived")
STEP_STATUSES = ("draft", "ready", "released")


class RslGroupRecord(Base):
    """A group of routing steps that is validated and released as one."""

    __tablename__ = "rsl_groups"
    __table_args__ = (
        CheckConstraint("status IN ('draft', 'ready', 'pending_review', 'released', 'archived')", name="status"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(Number, primary_key=True, autoincrement=True)
    slug: Mapped[str] = mapped_column(String(64), unique=True)
    name: Mapped[str] = mapped_column(String(256))
    description: Mapped[str | None] = mapped_column(Text)
    search_key: Mapped[str] = mapped_column(Text)
    """Name, slug and description, casefolded: what a search looks through."""
    owner: Mapped[str] = mapped_column(String(254))
    shared: Mapped[bool] = mapped_column(Boolean, default=False, server_default=false())
    """Whether others than the owner may change it."""
    status: Mapped[str] = mapped_column(String(16), default="draft", index=True)
    validation_errors_json: Mapped[str] = mapped_column(Text, default="[]")
    last_validated_at: Mapped[float | None] = mapped_column(Double)
    released_at: Mapped[float | None] = mapped_column(Double)
    released_by: Mapped[str | None] = mapped_column(String(254))
    created_at: Mapped[float] = mapped_column(Double)
    updated_at: Mapped[float] = mapped_column(Double)
    tags: Mapped[list[RslTagRecord]] = relationship(
        order_by="RslTagRecord.position", cascade="all, delete-orphan", passive_deletes=True, lazy="selectin"
    )
    steps: Mapped[list[RslStepRecord]] = relationship(
        order_by="RslStepRecord.sequence", cascade="all, delete-orphan", passive_deletes=True, lazy="selectin"
    )


class RslTagRecord(Base):
    """A tag of an RSL group."""

    __tablename__ = "rsl_tags"

    group_id: Mapped[int] = mapped_column(ForeignKey("rsl_groups.id", ondelete="CASCADE"), primary_key=True)
    position: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    tag: Mapped[str] = mapped_column(String(64), index=True)


class RslStepRecord(Base):
    """A step of an RSL group; no two have the same sequence."""

    __tablename__ = "rsl_steps"
    __table_args__ = (
        UniqueConstraint("group_id", "sequence", name="uq_rsl_steps_group_id_sequence"),
        CheckConstraint("sequence >= 1", name="sequence"),
        CheckConstraint("status IN ('draft', 'ready', 'released')", name="status"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(Number, primary_key=True, autoincrement=True)
    group_id: Mapped[int] = mapped_column(ForeignKey("rsl_groups.id", ondelete="CASCADE"))
    sequence: Mapped[int] = mapped_column(Integer)
    name: Mapped[str] = mapped_column(String(256))
    description: Mapped[str | None] = mapped_column(Text)
    status: Mapped[str] = mapped_column(String(16), default="draft")
    tags_json: Mapped[str] = mapped_column(Text, default="[]")
    config_json: Mapped[str] = mapped_column(Text, default="{}")
    created_at: Mapped[float] = mapped_column(Double)
    updated_at: Mapped[float] = mapped_column(Double)
    rules: Mapped[list[RslRuleRecord]] = relationship(
        order_by="RslRuleRecord.id", cascade="all, delete-orphan", passive_deletes=True, lazy="selectin"
    )


class RslRuleRecord(Base):
    """A reference of a step to a rule."""

    __tablename__ = "rsl_rules"
    __table_args__ = ({"sqlite_autoincrement": True},)

    id: Mapped[int] = mapped_column(Number, primary_key=True, autoincrement=True)
    step_id: Mapped[int] = mapped_column(ForeignKey("rsl_steps.id", ondelete="CASCADE"), index=True)
    rule_name: Mapped[str] = mapped_column(String(256))
    rule_version: Mapped[str | None] = mapped_column(String(64))
    metadata_json: Mapped[str] = mapped_column(Text, default="{}")
    is_optional: Mapped[bool] = mapped_column(Boolean, default=False)
    created_at: Mapped[float] = mapped_column(Double)


class ProfileRecord(Base):
    """A mapping profile as it is now; its revisions are kept beside it."""

    __tablename__ = "profiles"
    __table_args__ = (
        CheckConstraint("kind IN ('input', 'output')", name="kind"),
        UniqueConstraint("kind", "name_key", name="uq_profiles_kind_name_key"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(Number, primary_key=True, autoincrement=True)
    kind: Mapped[str] = mapped_column(String(8))
    name: Mapped[str] = mapped_column(String(128))
    name_key: Mapped[str] = mapped_column(String(512))
    profile_json: Mapped[str] = mapped_column(Text)
    """"": the profile that comes with the product."""
    built_in: Mapped[bool] = mapped_column(Boolean, default=False)
    revision: Mapped[int] = mapped_column(Integer, default=1)
    author: Mapped[str] = mapped_column(String(254), default="")
    created_at: Mapped[float] = mapped_column(Double)
    updated_at: Mapped[float] = mapped_column(Double)


class ProfileRevisionRecord(Base):
    """One revision of a profile."""

    __tablename__ = "profile_revisions"

    profile_id: Mapped[int] = mapped_column(ForeignKey("profiles.id", ondelete="CASCADE"), primary_key=True)
    revision: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    at: Mapped[float] = mapped_column(Double)
    author: Mapped[str] = mapped_column(String(254), default="")
    comment: Mapped[str] = mapped_column(Text, default="")
    profile_json: Mapped[str] = mapped_column(Text)


class ActiveProfileRecord(Base):
    """The active profile of a kind: one row a kind, and a profile that is active cannot be deleted."""

    __tablename__ = "active_profiles"
    __table_args__ = (CheckConstraint("kind IN ('input', 'output')", name="kind"),)

    kind: Mapped[str] = mapped_column(String(8), primary_key=True)
    profile_id: Mapped[int] = mapped_column(ForeignKey("profiles.id", ondelete="RESTRICT"))
    activated_at: Mapped[float] = mapped_column(Double)
    activated_by: Mapped[str] = mapped_column(String(254), default="")
