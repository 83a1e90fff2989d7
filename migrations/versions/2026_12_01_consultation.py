"""Public comment: published lists, and what was written about them."""

import sqlalchemy as sa
from alembic import op

revision = "2026_12_01_consultation"
down_revision = "2026_12_01_ballots"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "comment_policy",
        sa.Column(
            "scheme_id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=False,
            nullable=False,
        ),
        sa.Column("anonymous", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["scheme_id"], ["scheme.id"], name=op.f("fk_comment_policy_scheme_id")),
        sa.PrimaryKeyConstraint("scheme_id", name=op.f("pk_comment_policy")),
    )
    op.create_table(
        "comment_window",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("edition_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("scheme_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("previous_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("days", sa.Integer(), nullable=False),
        sa.Column("opens_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("closes_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("snapshot", sa.Text(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("published_by_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("superseded_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("sealed_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("opens_at < closes_at", name=op.f("ck_comment_window_in_order")),
        sa.CheckConstraint("(number = 1) = (previous_id IS NULL)", name=op.f("ck_comment_window_linked")),
        sa.ForeignKeyConstraint(
            ["previous_id"], ["comment_window.id"], name=op.f("fk_comment_window_previous_id")
        ),
        sa.ForeignKeyConstraint(
            ["published_by_id"], ["account.id"], name=op.f("fk_comment_window_published_by_id")
        ),
        sa.ForeignKeyConstraint(
            ["scheme_id", "edition_id"], ["scheme.id", "scheme.edition_id"], name="fk_comment_window_scheme"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_comment_window")),
        sa.UniqueConstraint("scheme_id", "number", name=op.f("uq_comment_window_scheme_id_number")),
    )
    op.create_index("ix_comment_window_edition_id", "comment_window", ["edition_id"], unique=False)
    op.create_index(
        "uq_comment_window_current",
        "comment_window",
        ["scheme_id"],
        unique=True,
        sqlite_where=sa.text("superseded_at IS NULL"),
        postgresql_where=sa.text("superseded_at IS NULL"),
    )
    op.create_table(
        "listed_nomination",
        sa.Column(
            "window_id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=False,
            nullable=False,
        ),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("nomination_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.ForeignKeyConstraint(
            ["nomination_id"], ["nomination.id"], name=op.f("fk_listed_nomination_nomination_id")
        ),
        sa.ForeignKeyConstraint(
            ["window_id"], ["comment_window.id"], name=op.f("fk_listed_nomination_window_id")
        ),
        sa.PrimaryKeyConstraint("window_id", "number", name=op.f("pk_listed_nomination")),
        sa.UniqueConstraint(
            "window_id", "nomination_id", name=op.f("uq_listed_nomination_window_id_nomination_id")
        ),
    )
    op.create_index(
        op.f("ix_listed_nomination_nomination_id"), "listed_nomination", ["nomination_id"], unique=False
    )
    op.create_table(
        "public_comment",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("window_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("number", sa.Integer(), nullable=True),
        sa.Column("receipt_hash", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("full_name", sa.Text(), nullable=False),
        sa.Column("phone", sa.Text(), nullable=False),
        sa.Column("email", sa.Text(), nullable=False),
        sa.Column("home", sa.Text(), nullable=False),
        sa.Column("locale", sa.Text(), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("outcome", sa.String(length=40), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("reply", sa.Text(), nullable=True),
        sa.Column("disposed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("disposed_by_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.CheckConstraint("length(text) > 0", name=op.f("ck_public_comment_says_something")),
        sa.CheckConstraint(
            "(disposed_at IS NULL) = (outcome IS NULL) AND (disposed_at IS NULL) = (reason IS NULL)",
            name=op.f("ck_public_comment_disposed_with_reason"),
        ),
        sa.ForeignKeyConstraint(
            ["disposed_by_id"], ["account.id"], name=op.f("fk_public_comment_disposed_by_id")
        ),
        sa.ForeignKeyConstraint(
            ["window_id"], ["comment_window.id"], name=op.f("fk_public_comment_window_id")
        ),
        sa.ForeignKeyConstraint(
            ["window_id", "number"],
            ["listed_nomination.window_id", "listed_nomination.number"],
            name="fk_public_comment_listed",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_public_comment")),
        sa.UniqueConstraint("receipt_hash", name=op.f("uq_public_comment_receipt_hash")),
    )
    op.create_index(
        "ix_public_comment_window_id_disposed_at",
        "public_comment",
        ["window_id", "disposed_at"],
        unique=False,
    )


def downgrade() -> None:
    op.drop_index("ix_public_comment_window_id_disposed_at", table_name="public_comment")
    op.drop_table("public_comment")
    op.drop_index(op.f("ix_listed_nomination_nomination_id"), table_name="listed_nomination")
    op.drop_table("listed_nomination")
    op.drop_index(
        "uq_comment_window_current",
        table_name="comment_window",
        sqlite_where=sa.text("superseded_at IS NULL"),
        postgresql_where=sa.text("superseded_at IS NULL"),
    )
    op.drop_index("ix_comment_window_edition_id", table_name="comment_window")
    op.drop_table("comment_window")
    op.drop_table("comment_policy")
