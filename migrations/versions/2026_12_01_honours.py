"""Award schemes as data: criteria, items of dossiers, eligibility, quotas, extensions; councils and their seats."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "2026_12_01_honours"
down_revision = "2026_11_30_programme"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "council",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("edition_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("name", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.ForeignKeyConstraint(["edition_id"], ["edition.id"], name=op.f("fk_council_edition_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_council")),
        sa.UniqueConstraint("edition_id", "code", name=op.f("uq_council_edition_id_code")),
        sa.UniqueConstraint("id", "edition_id", name="uq_council_id_edition"),
    )
    op.create_table(
        "council_scheme",
        sa.Column(
            "scheme_id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=False,
            nullable=False,
        ),
        sa.Column("council_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("edition_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.ForeignKeyConstraint(
            ["council_id", "edition_id"],
            ["council.id", "council.edition_id"],
            name="fk_council_scheme_council",
        ),
        sa.ForeignKeyConstraint(
            ["scheme_id", "edition_id"], ["scheme.id", "scheme.edition_id"], name="fk_council_scheme_scheme"
        ),
        sa.PrimaryKeyConstraint("scheme_id", name=op.f("pk_council_scheme")),
    )
    op.create_index(op.f("ix_council_scheme_council_id"), "council_scheme", ["council_id"], unique=False)
    op.create_table(
        "seat",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("council_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("title", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("expert", sa.Boolean(), nullable=False),
        sa.Column("abolished_on", sa.Date(), nullable=True),
        sa.ForeignKeyConstraint(["council_id"], ["council.id"], name=op.f("fk_seat_council_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_seat")),
        sa.UniqueConstraint("council_id", "position", name=op.f("uq_seat_council_id_position")),
    )
    op.create_table(
        "criterion",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("scheme_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("category_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("name", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column("guidance", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=True),
        sa.Column("weight", sa.Integer(), nullable=False),
        sa.Column("most", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.CheckConstraint("weight > 0 AND most > 0", name=op.f("ck_criterion_positive")),
        sa.ForeignKeyConstraint(["category_id"], ["category.id"], name=op.f("fk_criterion_category_id")),
        sa.ForeignKeyConstraint(["scheme_id"], ["scheme.id"], name=op.f("fk_criterion_scheme_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_criterion")),
        sa.UniqueConstraint("scheme_id", "code", name=op.f("uq_criterion_scheme_id_code")),
    )
    op.create_table(
        "dossier_item",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("scheme_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("category_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("section", sa.Text(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("name", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column("help", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=True),
        sa.Column("required", sa.Boolean(), nullable=False),
        sa.Column("most", sa.Integer(), nullable=True),
        sa.Column("sensitive", sa.Boolean(), nullable=False),
        sa.Column("article", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=True),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["category_id"], ["category.id"], name=op.f("fk_dossier_item_category_id")),
        sa.ForeignKeyConstraint(["scheme_id"], ["scheme.id"], name=op.f("fk_dossier_item_scheme_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_dossier_item")),
        sa.UniqueConstraint("scheme_id", "code", name=op.f("uq_dossier_item_scheme_id_code")),
    )
    op.create_table(
        "eligibility_question",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("scheme_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("category_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("question", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column("wanted", sa.Boolean(), nullable=False),
        sa.Column("refusal", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column("article", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=True),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["category_id"], ["category.id"], name=op.f("fk_eligibility_question_category_id")
        ),
        sa.ForeignKeyConstraint(["scheme_id"], ["scheme.id"], name=op.f("fk_eligibility_question_scheme_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_eligibility_question")),
        sa.UniqueConstraint("scheme_id", "code", name=op.f("uq_eligibility_question_scheme_id_code")),
    )
    op.create_table(
        "extension",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("scheme_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("category_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("organisation_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("closes_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("created_by_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["category_id"], ["category.id"], name=op.f("fk_extension_category_id")),
        sa.ForeignKeyConstraint(["created_by_id"], ["account.id"], name=op.f("fk_extension_created_by_id")),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("fk_extension_organisation_id")
        ),
        sa.ForeignKeyConstraint(["scheme_id"], ["scheme.id"], name=op.f("fk_extension_scheme_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_extension")),
    )
    op.create_index("ix_extension_scheme_id", "extension", ["scheme_id"], unique=False)
    op.create_table(
        "quota",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("scheme_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("category_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("organisation_kind", sa.String(length=40), nullable=True),
        sa.Column("organisation_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("most", sa.Integer(), nullable=False),
        sa.CheckConstraint("most >= 0", name=op.f("ck_quota_not_negative")),
        sa.ForeignKeyConstraint(["category_id"], ["category.id"], name=op.f("fk_quota_category_id")),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("fk_quota_organisation_id")
        ),
        sa.ForeignKeyConstraint(["scheme_id"], ["scheme.id"], name=op.f("fk_quota_scheme_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_quota")),
        sa.UniqueConstraint(
            "scheme_id", "category_id", "organisation_kind", "organisation_id", name="uq_quota_once"
        ),
    )
    op.create_table(
        "term",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("seat_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("account_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("ends_on", sa.Date(), nullable=True),
        sa.Column("end_reason", sa.Text(), nullable=True),
        sa.CheckConstraint("ends_on IS NULL OR starts_on <= ends_on", name=op.f("ck_term_in_order")),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_term_account_id")),
        sa.ForeignKeyConstraint(["seat_id"], ["seat.id"], name=op.f("fk_term_seat_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_term")),
    )
    op.create_index(op.f("ix_term_account_id"), "term", ["account_id"], unique=False)
    op.create_index(op.f("ix_term_seat_id"), "term", ["seat_id"], unique=False)
    op.create_index(
        "uq_term_sitting",
        "term",
        ["seat_id"],
        unique=True,
        sqlite_where=sa.text("ends_on IS NULL"),
        postgresql_where=sa.text("ends_on IS NULL"),
    )
    op.create_table(
        "conflict_of_interest",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("nomination_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("account_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("source", sa.String(length=40), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.Column("created_by_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("lifted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("lifted_by_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("lift_reason", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.id"], name=op.f("fk_conflict_of_interest_account_id")
        ),
        sa.ForeignKeyConstraint(
            ["created_by_id"], ["account.id"], name=op.f("fk_conflict_of_interest_created_by_id")
        ),
        sa.ForeignKeyConstraint(
            ["lifted_by_id"], ["account.id"], name=op.f("fk_conflict_of_interest_lifted_by_id")
        ),
        sa.ForeignKeyConstraint(
            ["nomination_id"], ["nomination.id"], name=op.f("fk_conflict_of_interest_nomination_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_conflict_of_interest")),
        sa.UniqueConstraint(
            "nomination_id", "account_id", "source", "kind", name="uq_conflict_of_interest_once"
        ),
    )
    op.create_index(
        "ix_conflict_of_interest_account_id", "conflict_of_interest", ["account_id"], unique=False
    )
    with op.batch_alter_table("scheme") as batch:
        batch.add_column(sa.Column("pack", sa.Text(), nullable=True))
        batch.add_column(
            sa.Column(
                "unconfirmed",
                sa.JSON().with_variant(postgresql.JSONB(), "postgresql"),
                nullable=False,
                server_default="[]",
            )
        )
        batch.add_column(sa.Column("thematic", sa.Boolean(), nullable=False, server_default=sa.false()))
        batch.add_column(
            sa.Column(
                "nominators",
                sa.JSON().with_variant(postgresql.JSONB(), "postgresql"),
                nullable=False,
                server_default="[]",
            )
        )
        batch.add_column(sa.Column("opens_at", sa.DateTime(timezone=True), nullable=True))
        batch.add_column(sa.Column("closes_at", sa.DateTime(timezone=True), nullable=True))
        batch.add_column(sa.Column("grace_minutes", sa.Integer(), nullable=False, server_default="0"))
        batch.add_column(
            sa.Column(
                "endorsers",
                sa.JSON().with_variant(postgresql.JSONB(), "postgresql"),
                nullable=False,
                server_default="[]",
            )
        )
        batch.add_column(sa.Column("readers", sa.Integer(), nullable=False, server_default="3"))
        batch.add_column(sa.Column("discrepancy", sa.Integer(), nullable=False, server_default="25"))
        batch.add_column(sa.Column("ballot", sa.Boolean(), nullable=False, server_default=sa.false()))
        batch.add_column(sa.Column("secret", sa.Boolean(), nullable=False, server_default=sa.true()))
        batch.add_column(sa.Column("quorum", sa.Integer(), nullable=False, server_default="67"))
        batch.add_column(sa.Column("threshold", sa.Integer(), nullable=False, server_default="90"))
        batch.add_column(sa.Column("rounds", sa.Integer(), nullable=False, server_default="1"))
        batch.add_column(
            sa.Column("tie_break", sa.String(length=40), nullable=False, server_default="next_round")
        )
        batch.add_column(sa.Column("comment_days", sa.Integer(), nullable=True))
        batch.add_column(sa.Column("version", sa.Integer(), nullable=False, server_default="1"))
        batch.create_check_constraint(
            op.f("ck_scheme_call_in_order"), "opens_at IS NULL OR closes_at IS NULL OR opens_at < closes_at"
        )
        batch.create_check_constraint(
            op.f("ck_scheme_percents"), "quorum BETWEEN 1 AND 100 AND threshold BETWEEN 1 AND 100"
        )
        batch.create_check_constraint(
            op.f("ck_scheme_few"), "rounds BETWEEN 1 AND 5 AND readers BETWEEN 1 AND 9"
        )
        batch.create_check_constraint(
            op.f("ck_scheme_lasting"), "grace_minutes >= 0 AND (comment_days IS NULL OR comment_days > 0)"
        )
    _rule_of_submission("state IN ('draft', 'endorsing')")


def downgrade() -> None:
    _rule_of_submission("state = 'draft'")
    with op.batch_alter_table("scheme") as batch:
        batch.drop_constraint(op.f("ck_scheme_call_in_order"), type_="check")
        batch.drop_constraint(op.f("ck_scheme_percents"), type_="check")
        batch.drop_constraint(op.f("ck_scheme_few"), type_="check")
        batch.drop_constraint(op.f("ck_scheme_lasting"), type_="check")
        batch.drop_column("version")
        batch.drop_column("comment_days")
        batch.drop_column("tie_break")
        batch.drop_column("rounds")
        batch.drop_column("threshold")
        batch.drop_column("quorum")
        batch.drop_column("secret")
        batch.drop_column("ballot")
        batch.drop_column("discrepancy")
        batch.drop_column("readers")
        batch.drop_column("endorsers")
        batch.drop_column("grace_minutes")
        batch.drop_column("closes_at")
        batch.drop_column("opens_at")
        batch.drop_column("nominators")
        batch.drop_column("thematic")
        batch.drop_column("unconfirmed")
        batch.drop_column("pack")
    op.drop_index("ix_conflict_of_interest_account_id", table_name="conflict_of_interest")
    op.drop_table("conflict_of_interest")
    op.drop_index(
        "uq_term_sitting",
        table_name="term",
        sqlite_where=sa.text("ends_on IS NULL"),
        postgresql_where=sa.text("ends_on IS NULL"),
    )
    op.drop_index(op.f("ix_term_seat_id"), table_name="term")
    op.drop_index(op.f("ix_term_account_id"), table_name="term")
    op.drop_table("term")
    op.drop_table("quota")
    op.drop_index("ix_extension_scheme_id", table_name="extension")
    op.drop_table("extension")
    op.drop_table("eligibility_question")
    op.drop_table("dossier_item")
    op.drop_table("criterion")
    op.drop_table("seat")
    op.drop_index(op.f("ix_council_scheme_council_id"), table_name="council_scheme")
    op.drop_table("council_scheme")
    op.drop_table("council")


def _rule_of_submission(not_handed_in: str) -> None:
    """Say anew in which states a nomination has no time of submission."""
    with op.batch_alter_table("nomination") as batch:
        batch.drop_constraint(op.f("ck_nomination_submitted_has_time"), type_="check")
        batch.create_check_constraint(
            op.f("ck_nomination_submitted_has_time"),
            f"({not_handed_in}) = (submitted_at IS NULL) OR state = 'withdrawn'",
        )
