"""Proposals that planners have reviewed.

Revision ID: 0003
Revises: 0002
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the table."""
    op.create_table(
        "proposal_reviews",
        sa.Column("review_id", sa.String(36), primary_key=True),
        sa.Column(
            "group_id",
            sa.String(36),
            sa.ForeignKey(
                "routing_groups.group_id", ondelete="CASCADE", name="fk_proposal_reviews_group_id_routing_groups"
            ),
            nullable=False,
        ),
        sa.Column("item_code", sa.String(256), nullable=False),
        sa.Column("item_key", sa.String(1024), nullable=False),
        sa.Column("candidate_id", sa.String(256), nullable=False),
        sa.Column("model_version", sa.String(256), nullable=False),
        sa.Column("strategy", sa.String(64), nullable=False),
        sa.Column("outcome", sa.String(16), nullable=False),
        sa.Column("reviewed_by", sa.String(254), nullable=False),
        sa.Column("reviewer_key", sa.String(1024), nullable=False),
        sa.Column("reviewed_at", sa.Double(), nullable=False),
        sa.Column("added", sa.Integer(), nullable=False),
        sa.Column("removed", sa.Integer(), nullable=False),
        sa.Column("moved", sa.Integer(), nullable=False),
        sa.Column("times_edited", sa.Integer(), nullable=False),
        sa.Column("proposed_json", sa.Text(), nullable=False),
        sa.Column("kept_json", sa.Text(), nullable=False),
        sa.Column("changes_json", sa.Text(), nullable=False),
        sa.CheckConstraint("outcome IN ('accepted', 'changed')", name="outcome"),
        sa.UniqueConstraint("group_id", "item_key", name="uq_proposal_reviews_group_id_item_key"),
    )
    op.create_index("ix_proposal_reviews_reviewed_at", "proposal_reviews", ["reviewed_at"])
    op.create_index("ix_proposal_reviews_item_key", "proposal_reviews", ["item_key"])


def downgrade() -> None:
    """Drop the table."""
    op.drop_table("proposal_reviews")
