"""RSL groups are changed by their owners, and by others where they are marked as shared; those that exist are not.

Revision ID: 0005
Revises: 0004
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the mark, in the table as it is: one that is copied loses that numbers are never used again."""
    op.add_column("rsl_groups", sa.Column("shared", sa.Boolean(), nullable=False, server_default=sa.false()))


def downgrade() -> None:
    """Drop the mark: everybody may change everything again."""
    op.drop_column("rsl_groups", "shared")
