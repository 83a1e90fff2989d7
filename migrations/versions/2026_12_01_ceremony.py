"""Running order of the ceremony, press summary."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "2026_12_01_ceremony"
down_revision = "2026_12_01_consultation"
branch_labels = None
depends_on = None

_KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_NAMES = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")


def upgrade() -> None:
    op.create_table(
        "ceremony",
        sa.Column("id", _KEY, nullable=False),
        sa.Column("edition_id", _KEY, nullable=False),
        sa.Column("session_id", _KEY, nullable=False),
        sa.Column("first", sa.String(length=40), nullable=False),
        sa.Column("per_call", sa.Integer(), nullable=False),
        sa.Column("opening", sa.Text(), nullable=False),
        sa.Column("line", sa.Text(), nullable=False),
        sa.CheckConstraint("per_call > 0", name=op.f("ck_ceremony_per_call_positive")),
        sa.ForeignKeyConstraint(
            ["session_id", "edition_id"], ["session.id", "session.edition_id"], name="fk_ceremony_session"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ceremony")),
        sa.UniqueConstraint("session_id", name=op.f("uq_ceremony_session_id")),
    )
    op.create_index("ix_ceremony_edition_id", "ceremony", ["edition_id"], unique=False)
    op.create_table(
        "ceremony_call",
        sa.Column("id", _KEY, nullable=False),
        sa.Column("ceremony_id", _KEY, nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("script", sa.Text(), nullable=True),
        sa.Column("script_for", _NAMES, nullable=False),
        sa.Column("called_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["ceremony_id"], ["ceremony.id"], name=op.f("fk_ceremony_call_ceremony_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ceremony_call")),
    )
    op.create_index(
        "ix_ceremony_call_ceremony_id_position", "ceremony_call", ["ceremony_id", "position"], unique=False
    )
    op.create_table(
        "ceremony_turn",
        sa.Column("id", _KEY, nullable=False),
        sa.Column("edition_id", _KEY, nullable=False),
        sa.Column("call_id", _KEY, nullable=False),
        sa.Column("award_id", _KEY, nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("site_id", _KEY, nullable=True),
        sa.Column("receiver", sa.String(length=40), nullable=False),
        sa.Column("representative_name", sa.Text(), nullable=False),
        sa.Column("representative_position", sa.Text(), nullable=False),
        sa.Column("handed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("handed_by_id", _KEY, nullable=True),
        sa.Column("undone", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "receiver <> 'representative' OR length(representative_name) > 0",
            name=op.f("ck_ceremony_turn_representative_named"),
        ),
        sa.ForeignKeyConstraint(
            ["award_id", "edition_id"], ["award.id", "award.edition_id"], name="fk_ceremony_turn_award"
        ),
        sa.ForeignKeyConstraint(["call_id"], ["ceremony_call.id"], name=op.f("fk_ceremony_turn_call_id")),
        sa.ForeignKeyConstraint(["handed_by_id"], ["account.id"], name=op.f("fk_ceremony_turn_handed_by_id")),
        sa.ForeignKeyConstraint(
            ["site_id", "edition_id"], ["site.id", "site.edition_id"], name="fk_ceremony_turn_site"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ceremony_turn")),
        sa.UniqueConstraint("award_id", name=op.f("uq_ceremony_turn_award_id")),
    )
    op.create_index(
        "ix_ceremony_turn_call_id_position", "ceremony_turn", ["call_id", "position"], unique=False
    )
    op.create_index("ix_ceremony_turn_site_id", "ceremony_turn", ["site_id"], unique=False)
    op.create_table(
        "press_summary",
        sa.Column("id", _KEY, nullable=False),
        sa.Column("edition_id", _KEY, nullable=False),
        sa.Column("award_id", _KEY, nullable=False),
        sa.Column("state", sa.String(length=40), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("token_hash", sa.Text(), nullable=True),
        sa.Column("sent_to", sa.Text(), nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("remark", sa.Text(), nullable=False),
        sa.Column("answered_by", sa.Text(), nullable=False),
        sa.Column("approved_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "(state = 'approved') = (approved_at IS NOT NULL)",
            name=op.f("ck_press_summary_approved_has_time"),
        ),
        sa.CheckConstraint(
            "(state = 'sent') = (token_hash IS NOT NULL)", name=op.f("ck_press_summary_sent_has_link")
        ),
        sa.CheckConstraint(
            "state <> 'changes' OR length(remark) > 0", name=op.f("ck_press_summary_changes_have_words")
        ),
        sa.ForeignKeyConstraint(
            ["award_id", "edition_id"], ["award.id", "award.edition_id"], name="fk_press_summary_award"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_press_summary")),
        sa.UniqueConstraint("award_id", name=op.f("uq_press_summary_award_id")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_press_summary_token_hash")),
    )
    op.create_index(
        "ix_press_summary_edition_id_state", "press_summary", ["edition_id", "state"], unique=False
    )


def downgrade() -> None:
    for table in ("press_summary", "ceremony_turn", "ceremony_call", "ceremony"):
        op.drop_table(table)
