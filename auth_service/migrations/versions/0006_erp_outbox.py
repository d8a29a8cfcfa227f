"""The ERP outbox has tables, used where several copies of auth_service share the database.

Revision ID: 0006
Revises: 0005
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "erp_messages",
        sa.Column("message_id", sa.Text(), primary_key=True),
        *(
            sa.Column(name, sa.Text(), nullable=False)
            for name in ("kind", "subject_id", "subject_name", "format", "channel")
        ),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("attempts", sa.BigInteger(), nullable=False, server_default="0"),
        sa.Column("next_attempt_at", sa.Double(), nullable=False, server_default="0"),
        sa.Column("last_error", sa.Text(), nullable=False, server_default=""),
        sa.Column("last_status", sa.BigInteger(), nullable=False, server_default="0"),
        sa.Column("bytes", sa.BigInteger(), nullable=False, server_default="0"),
        sa.Column("sha256", sa.Text(), nullable=False, server_default=""),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.Column("created_at", sa.Double(), nullable=False),
        sa.Column("delivered_at", sa.Double(), nullable=False, server_default="0"),
        sa.Column("target", sa.Text(), nullable=False, server_default=""),
    )
    op.create_index("ix_erp_messages_due", "erp_messages", ["state", "next_attempt_at"])
    op.create_index("ix_erp_messages_subject", "erp_messages", ["subject_id", "created_at"])
    op.create_table(
        "erp_parts",
        sa.Column(
            "message_id", sa.Text(), sa.ForeignKey("erp_messages.message_id", ondelete="CASCADE"), primary_key=True
        ),
        sa.Column("number", sa.BigInteger(), primary_key=True),
        sa.Column("data", sa.LargeBinary(), nullable=False),
    )


def downgrade() -> None:
    """Drop the tables."""
    op.drop_table("erp_parts")
    op.drop_table("erp_messages")
