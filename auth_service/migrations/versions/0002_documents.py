"""Workspaces, routing groups, RSL groups, mapping profiles with exactly one active a kind.

Revision ID: 0002
Revises: 0001
"""

from __future__ import annotations

import time
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def _cascade(
    column: str, type_: sa.types.TypeEngine[Any], table: str, target: str, primary_key: bool = False
) -> sa.Column[Any]:
    key = sa.ForeignKey(target, ondelete="CASCADE", name=f"fk_{table}_{column}_{target.partition('.')[0]}")
    return sa.Column(column, type_, key, nullable=False, primary_key=primary_key)


def upgrade() -> None:
    """Create the tables and the profiles that come with the product."""
    op.create_table(
        "workspaces",
        sa.Column("username_key", sa.String(1024), primary_key=True),
        sa.Column("username", sa.String(254), nullable=False),
        sa.Column("document_json", sa.Text(), nullable=False),
        sa.Column("updated_at", sa.Double(), nullable=False),
    )
    _routing_groups()
    _rsl_groups()
    _profiles()


def _routing_groups() -> None:
    op.create_table(
        "routing_groups",
        sa.Column("group_id", sa.String(36), primary_key=True),
        sa.Column("owner", sa.String(254), nullable=False),
        sa.Column("owner_key", sa.String(1024), nullable=False),
        sa.Column("group_name", sa.String(64), nullable=False),
        sa.Column("name_key", sa.String(256), nullable=False),
        sa.Column("content_json", sa.Text(), nullable=False),
        sa.Column("step_count", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.Double(), nullable=False),
        sa.Column("updated_at", sa.Double(), nullable=False),
        sa.Column("deleted_at", sa.Double(), nullable=False),
        sa.Column("deleted_by", sa.String(254), nullable=False),
    )
    op.create_index(
        "uq_routing_groups_living_name",
        "routing_groups",
        ["owner_key", "name_key"],
        unique=True,
        sqlite_where=sa.text("deleted_at = 0"),
        postgresql_where=sa.text("deleted_at = 0"),
    )
    op.create_index("ix_routing_groups_updated_at", "routing_groups", ["updated_at"])
    op.create_table(
        "routing_group_items",
        _cascade("group_id", sa.String(36), "routing_group_items", "routing_groups.group_id", primary_key=True),
        sa.Column("position", sa.Integer(), primary_key=True, autoincrement=False),
        sa.Column("item_code", sa.String(256), nullable=False),
        sa.Column("item_key", sa.String(1024), nullable=False),
    )
    op.create_index("ix_routing_group_items_item_key", "routing_group_items", ["item_key"])
    op.create_table(
        "routing_snapshots",
        sa.Column("owner_key", sa.String(1024), primary_key=True),
        sa.Column("snapshot_id", sa.String(128), primary_key=True),
        sa.Column("group_id", sa.String(36), nullable=False),
        sa.Column("created_at", sa.String(64), nullable=False),
        sa.Column("received_at", sa.Double(), nullable=False),
        sa.Column("reason", sa.String(256), nullable=False),
        sa.Column("version", sa.Integer()),
        sa.Column("source", sa.String(128), nullable=False),
        sa.Column("state_json", sa.Text(), nullable=False),
    )
    op.create_index("ix_routing_snapshots_owner_received", "routing_snapshots", ["owner_key", "received_at"])
    op.create_table(
        "routing_audits",
        sa.Column("owner_key", sa.String(1024), primary_key=True),
        sa.Column("audit_id", sa.String(128), primary_key=True),
        sa.Column("received_at", sa.Double(), nullable=False),
    )
    op.create_index("ix_routing_audits_received_at", "routing_audits", ["received_at"])


def _rsl_groups() -> None:
    op.create_table(
        "rsl_groups",
        sa.Column("id", NUMBER, primary_key=True, autoincrement=True),
        sa.Column("slug", sa.String(64), nullable=False),
        sa.Column("name", sa.String(256), nullable=False),
        sa.Column("description", sa.Text()),
        sa.Column("search_key", sa.Text(), nullable=False),
        sa.Column("owner", sa.String(254), nullable=False),
        sa.Column("status", sa.String(16), nullable=False),
        sa.Column("validation_errors_json", sa.Text(), nullable=False),
        sa.Column("last_validated_at", sa.Double()),
        sa.Column("released_at", sa.Double()),
        sa.Column("released_by", sa.String(254)),
        sa.Column("created_at", sa.Double(), nullable=False),
        sa.Column("updated_at", sa.Double(), nullable=False),
        sa.CheckConstraint("status IN ('draft', 'ready', 'pending_review', 'released', 'archived')", name="status"),
        sa.UniqueConstraint("slug", name="uq_rsl_groups_slug"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_rsl_groups_status", "rsl_groups", ["status"])
    op.create_table(
        "rsl_tags",
        _cascade("group_id", NUMBER, "rsl_tags", "rsl_groups.id", primary_key=True),
        sa.Column("position", sa.Integer(), primary_key=True, autoincrement=False),
        sa.Column("tag", sa.String(64), nullable=False),
    )
    op.create_index("ix_rsl_tags_tag", "rsl_tags", ["tag"])
    op.create_table(
        "rsl_steps",
        sa.Column("id", NUMBER, primary_key=True, autoincrement=True),
        _cascade("group_id", NUMBER, "rsl_steps", "rsl_groups.id"),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(256), nullable=False),
        sa.Column("description", sa.Text()),
        sa.Column("status", sa.String(16), nullable=False),
        sa.Column("tags_json", sa.Text(), nullable=False),
        sa.Column("config_json", sa.Text(), nullable=False),
        sa.Column("created_at", sa.Double(), nullable=False),
        sa.Column("updated_at", sa.Double(), nullable=False),
        sa.CheckConstraint("sequence >= 1", name="sequence"),
        sa.CheckConstraint("status IN ('draft', 'ready', 'released')", name="status"),
        sa.UniqueConstraint("group_id", "sequence", name="uq_rsl_steps_group_id_sequence"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "rsl_rules",
        sa.Column("id", NUMBER, primary_key=True, autoincrement=True),
        _cascade("step_id", NUMBER, "rsl_rules", "rsl_steps.id"),
        sa.Column("rule_name", sa.String(256), nullable=False),
        sa.Column("rule_version", sa.String(64)),
        sa.Column("metadata_json", sa.Text(), nullable=False),
        sa.Column("is_optional", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.Double(), nullable=False),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_rsl_rules_step_id", "rsl_rules", ["step_id"])


def _profiles() -> None:
    profiles = op.create_table(
        "profiles",
        sa.Column("id", NUMBER, primary_key=True, autoincrement=True),
        sa.Column("kind", sa.String(8), nullable=False),
        sa.Column("name", sa.String(128), nullable=False),
        sa.Column("name_key", sa.String(512), nullable=False),
        sa.Column("profile_json", sa.Text(), nullable=False),
        sa.Column("built_in", sa.Boolean(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("author", sa.String(254), nullable=False),
        sa.Column("created_at", sa.Double(), nullable=False),
        sa.Column("updated_at", sa.Double(), nullable=False),
        sa.CheckConstraint("kind IN ('input', 'output')", name="kind"),
        sa.UniqueConstraint("kind", "name_key", name="uq_profiles_kind_name_key"),
        sqlite_autoincrement=True,
    )
    revisions = op.create_table(
        "profile_revisions",
        _cascade("profile_id", NUMBER, "profile_revisions", "profiles.id", primary_key=True),
        sa.Column("revision", sa.Integer(), primary_key=True, autoincrement=False),
        sa.Column("at", sa.Double(), nullable=False),
        sa.Column("author", sa.String(254), nullable=False),
        sa.Column("comment", sa.Text(), nullable=False),
        sa.Column("profile_json", sa.Text(), nullable=False),
    )
    active = op.create_table(
        "active_profiles",
        sa.Column("kind", sa.String(8), primary_key=True),
        sa.Column(
            "profile_id",
            NUMBER,
            sa.ForeignKey("profiles.id", ondelete="RESTRICT", name="fk_active_profiles_profile_id_profiles"),
            nullable=False,
        ),
        sa.Column("activated_at", sa.Double(), nullable=False),
        sa.Column("activated_by", sa.String(254), nullable=False),
        sa.CheckConstraint("kind IN ('input', 'output')", name="kind"),
    )
    now = time.time()
    for kind, name, fixed in (("input", "Access views", True), ("output", "Access 7.1 기본", False)):
        row = {
            "kind": kind,
            "name": name,
            "name_key": name.casefold(),
            "profile_json": "",
            "built_in": fixed,
            "revision": 1,
            "author": "",
            "created_at": now,
            "updated_at": now,
        }
        op.execute(profiles.insert().values(**row))
        number = op.get_bind().execute(sa.select(profiles.c.id).where(profiles.c.kind == kind)).scalar_one()
        op.execute(
            revisions.insert().values(
                profile_id=number, revision=1, at=now, author="", comment="comes with the product", profile_json=""
            )
        )
        op.execute(active.insert().values(kind=kind, profile_id=number, activated_at=now, activated_by=""))


def downgrade() -> None:
    """Drop the tables."""
    for table in (
        "active_profiles",
        "profile_revisions",
        "profiles",
        "rsl_rules",
        "rsl_steps",
        "rsl_tags",
        "rsl_groups",
        "routing_audits",
        "routing_snapshots",
        "routing_group_items",
        "routing_groups",
        "workspaces",
    ):
        op.drop_table(table)
