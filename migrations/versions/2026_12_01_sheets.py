"""Score sheets, what was submitted when, the closing of the scoring, and moderation."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "2026_12_01_sheets"
down_revision = "2026_12_01_assignment"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "scoring",
        sa.Column(
            "scheme_id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=False,
            nullable=False,
        ),
        sa.Column("edition_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("closes_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["scheme_id", "edition_id"], ["scheme.id", "scheme.edition_id"], name="fk_scoring_scheme"
        ),
        sa.PrimaryKeyConstraint("scheme_id", name=op.f("pk_scoring")),
    )
    op.create_index("ix_scoring_edition_id", "scoring", ["edition_id"], unique=False)
    op.create_table(
        "moderation",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("nomination_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("score", sa.Double(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("readers_mean", sa.Double(), nullable=False),
        sa.Column("moderated_by_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("moderated_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("score BETWEEN 0 AND 100", name=op.f("ck_moderation_on_the_scale")),
        sa.ForeignKeyConstraint(
            ["moderated_by_id"], ["account.id"], name=op.f("fk_moderation_moderated_by_id")
        ),
        sa.ForeignKeyConstraint(
            ["nomination_id"], ["nomination.id"], name=op.f("fk_moderation_nomination_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_moderation")),
    )
    op.create_index(op.f("ix_moderation_nomination_id"), "moderation", ["nomination_id"], unique=False)
    op.create_table(
        "sheet",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("nomination_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("account_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("state", sa.String(length=40), nullable=False),
        sa.Column("comment", sa.Text(), nullable=False),
        sa.Column("comment_version", sa.Integer(), nullable=False),
        sa.Column("recommendation", sa.String(length=40), nullable=True),
        sa.Column("recommendation_version", sa.Integer(), nullable=False),
        sa.Column("total", sa.Double(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("submitted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("declined_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decline_reason", sa.Text(), nullable=True),
        sa.Column("reopened_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "(state = 'declined') = (decline_reason IS NOT NULL)", name=op.f("ck_sheet_declined_has_reason")
        ),
        sa.CheckConstraint(
            "(state = 'submitted') = (submitted_at IS NOT NULL) AND (state = 'submitted') = (total IS NOT NULL)",
            name=op.f("ck_sheet_submitted_has_total"),
        ),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_sheet_account_id")),
        sa.ForeignKeyConstraint(["nomination_id"], ["nomination.id"], name=op.f("fk_sheet_nomination_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sheet")),
        sa.UniqueConstraint("nomination_id", "account_id", name=op.f("uq_sheet_nomination_id_account_id")),
    )
    op.create_index("ix_sheet_account_id", "sheet", ["account_id"], unique=False)
    op.create_table(
        "sheet_score",
        sa.Column("sheet_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("criterion_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("score", sa.Integer(), nullable=True),
        sa.Column("score_version", sa.Integer(), nullable=False),
        sa.Column("comment", sa.Text(), nullable=False),
        sa.Column("comment_version", sa.Integer(), nullable=False),
        sa.CheckConstraint("score >= 0", name=op.f("ck_sheet_score_not_negative")),
        sa.ForeignKeyConstraint(["criterion_id"], ["criterion.id"], name=op.f("fk_sheet_score_criterion_id")),
        sa.ForeignKeyConstraint(["sheet_id"], ["sheet.id"], name=op.f("fk_sheet_score_sheet_id")),
        sa.PrimaryKeyConstraint("sheet_id", "criterion_id", name=op.f("pk_sheet_score")),
    )
    op.create_table(
        "sheet_submission",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("sheet_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("submitted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("late", sa.Boolean(), nullable=False),
        sa.Column("total", sa.Double(), nullable=False),
        sa.Column("content", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column("reopened_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reopened_by_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("reopen_reason", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["reopened_by_id"], ["account.id"], name=op.f("fk_sheet_submission_reopened_by_id")
        ),
        sa.ForeignKeyConstraint(["sheet_id"], ["sheet.id"], name=op.f("fk_sheet_submission_sheet_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sheet_submission")),
    )
    op.create_index(op.f("ix_sheet_submission_sheet_id"), "sheet_submission", ["sheet_id"], unique=False)


def downgrade() -> None:
    op.drop_index(op.f("ix_sheet_submission_sheet_id"), table_name="sheet_submission")
    op.drop_table("sheet_submission")
    op.drop_table("sheet_score")
    op.drop_index("ix_sheet_account_id", table_name="sheet")
    op.drop_table("sheet")
    op.drop_index(op.f("ix_moderation_nomination_id"), table_name="moderation")
    op.drop_table("moderation")
    op.drop_index("ix_scoring_edition_id", table_name="scoring")
    op.drop_table("scoring")
