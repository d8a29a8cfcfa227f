"""Accounts, sessions, signing keys, audit, model versions with one active at most, settings revisions, control state.

Revision ID: 0001
Revises:
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Create the tables."""
    op.create_table(
        "accounts",
        sa.Column("id", NUMBER, primary_key=True, autoincrement=True),
        sa.Column("username", sa.String(254), nullable=False),
        sa.Column("username_key", sa.String(1024), nullable=False),
        sa.Column("display_name", sa.String(128)),
        sa.Column("status", sa.String(16), nullable=False),
        sa.Column("is_admin", sa.Boolean(), nullable=False),
        sa.Column("disabled", sa.Boolean(), nullable=False),
        sa.Column("password_hash", sa.String(256), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("created_at", sa.Double(), nullable=False),
        sa.Column("updated_at", sa.Double(), nullable=False),
        sa.Column("last_login_at", sa.Double(), nullable=False),
        sa.CheckConstraint("status IN ('pending', 'approved', 'rejected')", name="status"),
        sa.UniqueConstraint("username_key", name="uq_accounts_username_key"),
    )
    op.create_index("ix_accounts_status", "accounts", ["status"])
    op.create_table(
        "sessions",
        sa.Column("session_id", sa.String(64), primary_key=True),
        sa.Column(
            "account_id",
            NUMBER,
            sa.ForeignKey("accounts.id", ondelete="CASCADE", name="fk_sessions_account_id_accounts"),
            nullable=False,
        ),
        sa.Column("issued_at", sa.Double(), nullable=False),
        sa.Column("expires_at", sa.Double(), nullable=False),
        sa.Column("ended_at", sa.Double(), nullable=False),
        sa.Column("ended_because", sa.String(64), nullable=False),
        sa.Column("client_host", sa.String(255), nullable=False),
    )
    op.create_index("ix_sessions_account_id", "sessions", ["account_id"])
    op.create_index("ix_sessions_expires_at", "sessions", ["expires_at"])
    op.create_table(
        "signing_keys",
        sa.Column("key_id", sa.String(64), primary_key=True),
        sa.Column("public_key", sa.LargeBinary(), nullable=False),
        sa.Column("private_key", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.Double(), nullable=False),
        sa.Column("replaced_at", sa.Double(), nullable=False),
        sa.Column("verifies_until", sa.Double(), nullable=False),
    )
    op.create_table(
        "audit_events",
        sa.Column("id", NUMBER, primary_key=True, autoincrement=True),
        sa.Column("at", sa.Double(), nullable=False),
        sa.Column("username", sa.String(254), nullable=False),
        sa.Column("username_key", sa.String(1024), nullable=False),
        sa.Column("client_host", sa.String(255), nullable=False),
        sa.Column("action", sa.String(128), nullable=False),
        sa.Column("target", sa.String(512), nullable=False),
        sa.Column("request_id", sa.String(64), nullable=False),
        sa.Column("payload_json", sa.Text(), nullable=False),
    )
    for column in ("at", "username_key", "action"):
        op.create_index(f"ix_audit_events_{column}", "audit_events", [column])
    op.create_table(
        "model_versions",
        sa.Column("id", NUMBER, primary_key=True, autoincrement=True),
        sa.Column("version_name", sa.String(128), nullable=False),
        sa.Column("artifact_dir", sa.Text(), nullable=False),
        sa.Column("manifest_path", sa.Text(), nullable=False),
        sa.Column("manifest_sha256", sa.String(64), nullable=False),
        sa.Column("bytes", sa.BigInteger(), nullable=False),
        sa.Column("status", sa.String(16), nullable=False),
        sa.Column("active_flag", sa.Boolean(), nullable=False),
        sa.Column("withdrawn", sa.Boolean(), nullable=False),
        sa.Column("requested_by", sa.String(254), nullable=False),
        sa.Column("created_at", sa.Double(), nullable=False),
        sa.Column("trained_at", sa.Double(), nullable=False),
        sa.Column("activated_at", sa.Double(), nullable=False),
        sa.Column("updated_at", sa.Double(), nullable=False),
        sa.CheckConstraint("status IN ('pending', 'active', 'retired')", name="status"),
        sa.CheckConstraint("(status = 'active') = active_flag", name="active_flag"),
        sa.UniqueConstraint("version_name", name="uq_model_versions_version_name"),
    )
    op.create_index("ix_model_versions_status", "model_versions", ["status"])
    op.create_index(
        "uq_model_versions_one_active",
        "model_versions",
        ["active_flag"],
        unique=True,
        sqlite_where=sa.text("active_flag"),
        postgresql_where=sa.text("active_flag"),
    )
    op.create_table(
        "version_history",
        sa.Column("id", NUMBER, primary_key=True, autoincrement=True),
        sa.Column("at", sa.Double(), nullable=False),
        sa.Column("actor", sa.String(254), nullable=False),
        sa.Column("action", sa.String(32), nullable=False),
        sa.Column("version_name", sa.String(128), nullable=False),
        sa.Column("previous_version", sa.String(128), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
    )
    op.create_index("ix_version_history_version_name", "version_history", ["version_name"])
    op.create_table(
        "settings_revisions",
        sa.Column("revision", NUMBER, primary_key=True, autoincrement=False),
        sa.Column("at", sa.Double(), nullable=False),
        sa.Column("author", sa.String(254), nullable=False),
        sa.Column("comment", sa.Text(), nullable=False),
        sa.Column("document_json", sa.Text(), nullable=False),
        sa.Column("difference_json", sa.Text(), nullable=False),
    )
    op.create_table(
        "control",
        sa.Column("id", sa.Integer(), primary_key=True, autoincrement=False),
        sa.Column("revision", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("id = 1", name="single_row"),
    )
    op.execute("INSERT INTO control (id, revision) VALUES (1, 1)")
    _protect("audit_events")
    _protect("version_history")


def _protect(table: str) -> None:
    """Let the database itself refuse changes to rows that are a record of the past."""
    if op.get_bind().dialect.name == "sqlite":
        for verb in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER {table}_no_{verb.lower()} BEFORE {verb} ON {table} "
                f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
            )
        return
    op.execute(
        f"CREATE FUNCTION {table}_refuse() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$ BEGIN RAISE EXCEPTION '{table} is append-only'; END $$"
    )
    op.execute(
        f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {table} "
        f"FOR EACH STATEMENT EXECUTE FUNCTION {table}_refuse()"
    )


def downgrade() -> None:
    """Drop the tables."""
    for table in (
        "control",
        "settings_revisions",
        "version_history",
        "model_versions",
        "audit_events",
        "signing_keys",
        "sessions",
        "accounts",
    ):
        op.drop_table(table)
    if op.get_bind().dialect.name != "sqlite":
        op.execute("DROP FUNCTION IF EXISTS audit_events_refuse()")
        op.execute("DROP FUNCTION IF EXISTS version_history_refuse()")
