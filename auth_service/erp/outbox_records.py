"""The tables of the outbox where the control plane's database holds it; `database_outbox.py` works on them."""

from __future__ import annotations

from sqlalchemy import BigInteger, Double, ForeignKey, Index, LargeBinary, Text
from sqlalchemy.orm import Mapped, mapped_column

from auth_service.store.database import Base


class ErpMessageRecord(Base):
    """A message; see `outbox.Message`."""

    __tablename__ = "erp_messages"
    __table_args__ = (
        Index("ix_erp_messages_due", "state", "next_attempt_at"),
        Index("ix_erp_messages_subject", "subject_id", "created_at"),
    )

    message_id: Mapped[str] = mapped_column(Text, primary_key=True)
    kind: Mapped[str] = mapped_column(Text)
    subject_id: Mapped[str] = mapped_column(Text)
    subject_name: Mapped[str] = mapped_column(Text)
    format: Mapped[str] = mapped_column(Text)
    channel: Mapped[str] = mapped_column(Text)
    state: Mapped[str] = mapped_column(Text)
    attempts: Mapped[int] = mapped_column(BigInteger, default=0)
    next_attempt_at: Mapped[float] = mapped_column(Double, default=0.0)
    last_error: Mapped[str] = mapped_column(Text, default="")
    last_status: Mapped[int] = mapped_column(BigInteger, default=0)
    bytes: Mapped[int] = mapped_column(BigInteger, default=0)
    sha256: Mapped[str] = mapped_column(Text, default="")
    created_by: Mapped[str] = mapped_column(Text)
    created_at: Mapped[float] = mapped_column(Double)
    delivered_at: Mapped[float] = mapped_column(Double, default=0.0)
    target: Mapped[str] = mapped_column(Text, default="")


class ErpPartRecord(Base):
    """A part of a message's content."""

    __tablename__ = "erp_parts"

    message_id: Mapped[str] = mapped_column(
        Text, ForeignKey("erp_messages.message_id", ondelete="CASCADE"), primary_key=True
    )
    number: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    data: Mapped[bytes] = mapped_column(LargeBinary)
