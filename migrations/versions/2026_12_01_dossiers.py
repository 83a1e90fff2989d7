"""Dossiers in sections: eligibility, answers, locks."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "2026_12_01_dossiers"
down_revision = "2026_12_01_schemes"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("nomination", sa.Column("return_due_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("nomination", sa.Column("rank_in_agency", sa.Integer(), nullable=True))
    op.create_table(
        "eligibility_answer",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("nomination_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("question", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column("article", sa.Text(), nullable=False),
        sa.Column("answer", sa.Boolean(), nullable=False),
        sa.Column("answered_by_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["nomination_id"], ["nomination.id"], name=op.f("fk_eligibility_answer_nomination_id")
        ),
        sa.ForeignKeyConstraint(
            ["answered_by_id"], ["account.id"], name=op.f("fk_eligibility_answer_answered_by_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_eligibility_answer")),
        sa.UniqueConstraint("nomination_id", "code", name=op.f("uq_eligibility_answer_nomination_id_code")),
    )
    op.create_table(
        "dossier_answer",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("nomination_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("value", sa.Text(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("updated_by_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["nomination_id"], ["nomination.id"], name=op.f("fk_dossier_answer_nomination_id")
        ),
        sa.ForeignKeyConstraint(
            ["updated_by_id"], ["account.id"], name=op.f("fk_dossier_answer_updated_by_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_dossier_answer")),
        sa.UniqueConstraint("nomination_id", "code", name=op.f("uq_dossier_answer_nomination_id_code")),
    )
    op.create_table(
        "section_lock",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("nomination_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("section", sa.Text(), nullable=False),
        sa.Column("account_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("taken_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["nomination_id"], ["nomination.id"], name=op.f("fk_section_lock_nomination_id")
        ),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_section_lock_account_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_section_lock")),
        sa.UniqueConstraint("nomination_id", "section", name=op.f("uq_section_lock_nomination_id_section")),
    )


def downgrade() -> None:
    op.drop_table("section_lock")
    op.drop_table("dossier_answer")
    op.drop_table("eligibility_answer")
    op.drop_column("nomination", "rank_in_agency")
    op.drop_column("nomination", "return_due_at")
