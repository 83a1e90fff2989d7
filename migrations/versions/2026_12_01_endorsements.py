"""Who endorsed a dossier."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "2026_12_01_endorsements"
down_revision = "2026_12_01_files"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "endorsement",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("nomination_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("round", sa.Integer(), nullable=False),
        sa.Column("step", sa.Text(), nullable=False),
        sa.Column("step_name", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("office", sa.Text(), nullable=False),
        sa.Column("email", sa.Text(), nullable=False),
        sa.Column("token_hash", sa.Text(), nullable=True),
        sa.Column("state", sa.String(length=40), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("remark", sa.Text(), nullable=False),
        sa.Column("content_sha256", sa.Text(), nullable=True),
        sa.CheckConstraint("position > 0 AND round > 0", name=op.f("ck_endorsement_counted")),
        sa.CheckConstraint(
            "(state = 'named') = (asked_at IS NULL) OR state = 'withdrawn'",
            name=op.f("ck_endorsement_asked_has_time"),
        ),
        sa.CheckConstraint(
            "(state IN ('endorsed', 'declined')) = (answered_at IS NOT NULL)",
            name=op.f("ck_endorsement_answered_has_time"),
        ),
        sa.CheckConstraint(
            "(state = 'endorsed') = (content_sha256 IS NOT NULL)",
            name=op.f("ck_endorsement_endorsed_has_digest"),
        ),
        sa.ForeignKeyConstraint(
            ["nomination_id"], ["nomination.id"], name=op.f("fk_endorsement_nomination_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_endorsement")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_endorsement_token_hash")),
    )
    op.create_index("ix_endorsement_nomination_id", "endorsement", ["nomination_id"], unique=False)
    op.create_index(
        "uq_endorsement_asked",
        "endorsement",
        ["nomination_id"],
        unique=True,
        sqlite_where=sa.text("state = 'asked'"),
        postgresql_where=sa.text("state = 'asked'"),
    )


def downgrade() -> None:
    op.drop_index(
        "uq_endorsement_asked",
        table_name="endorsement",
        sqlite_where=sa.text("state = 'asked'"),
        postgresql_where=sa.text("state = 'asked'"),
    )
    op.drop_index("ix_endorsement_nomination_id", table_name="endorsement")
    op.drop_table("endorsement")
