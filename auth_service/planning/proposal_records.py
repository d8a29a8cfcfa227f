"""The table of proposals that planners have reviewed."""

from __future__ import annotations

from sqlalchemy import CheckConstraint, Double, ForeignKey, Index, Integer, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from auth_service.store.database import Base


class ProposalReviewRecord(Base):
    """What became of the proposal for one item of a routing group; the last saving of the group counts."""

    __tablename__ = "proposal_reviews"
    __table_args__ = (
        CheckConstraint("outcome IN ('accepted', 'changed')", name="outcome"),
        UniqueConstraint("group_id", "item_key", name="uq_proposal_reviews_group_id_item_key"),
        Index("ix_proposal_reviews_reviewed_at", "reviewed_at"),
        Index("ix_proposal_reviews_item_key", "item_key"),
    )

    review_id: Mapped[str] = mapped_column(String(36), primary_key=True)
    group_id: Mapped[str] = mapped_column(ForeignKey("routing_groups.group_id", ondelete="CASCADE"))
    item_code: Mapped[str] = mapped_column(String(256))
    item_key: Mapped[str] = mapped_column(String(1024))
    candidate_id: Mapped[str] = mapped_column(String(256), default="")
    model_version: Mapped[str] = mapped_column(String(256), default="")
    strategy: Mapped[str] = mapped_column(String(64), default="")
    outcome: Mapped[str] = mapped_column(String(16))
    reviewed_by: Mapped[str] = mapped_column(String(254))
    reviewer_key: Mapped[str] = mapped_column(String(1024))
    reviewed_at: Mapped[float] = mapped_column(Double)
    added: Mapped[int] = mapped_column(Integer)
    removed: Mapped[int] = mapped_column(Integer)
    moved: Mapped[int] = mapped_column(Integer)
    times_edited: Mapped[int] = mapped_column(Integer)
    proposed_json: Mapped[str] = mapped_column(Text)
    kept_json: Mapped[str] = mapped_column(Text)
    changes_json: Mapped[str] = mapped_column(Text)
