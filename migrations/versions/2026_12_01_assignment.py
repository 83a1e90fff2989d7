"""Who reads which dossier, as proposed and as taken; what members declared, where they work, and who avoids whom."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "2026_12_01_assignment"
down_revision = "2026_12_01_appraisal"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "affiliation",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("account_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("organisation_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("past", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_affiliation_account_id")),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("fk_affiliation_organisation_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_affiliation")),
        sa.UniqueConstraint(
            "account_id", "organisation_id", name=op.f("uq_affiliation_account_id_organisation_id")
        ),
    )
    op.create_table(
        "assignment_run",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("council_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("seed", sa.Integer(), nullable=False),
        sa.Column("parameters", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column("pairs", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column("by_hand", sa.Boolean(), nullable=False),
        sa.Column("created_by_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("taken_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("dropped_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint("taken_at IS NULL OR dropped_at IS NULL", name=op.f("ck_assignment_run_one_end")),
        sa.ForeignKeyConstraint(["council_id"], ["council.id"], name=op.f("fk_assignment_run_council_id")),
        sa.ForeignKeyConstraint(
            ["created_by_id"], ["account.id"], name=op.f("fk_assignment_run_created_by_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_assignment_run")),
    )
    op.create_index(op.f("ix_assignment_run_council_id"), "assignment_run", ["council_id"], unique=False)
    op.create_index(
        "uq_assignment_run_open",
        "assignment_run",
        ["council_id"],
        unique=True,
        sqlite_where=sa.text("taken_at IS NULL AND dropped_at IS NULL"),
        postgresql_where=sa.text("taken_at IS NULL AND dropped_at IS NULL"),
    )
    op.create_table(
        "avoid_pair",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("council_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("first_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("second_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("first_id < second_id", name=op.f("ck_avoid_pair_in_order")),
        sa.ForeignKeyConstraint(["council_id"], ["council.id"], name=op.f("fk_avoid_pair_council_id")),
        sa.ForeignKeyConstraint(["first_id"], ["account.id"], name=op.f("fk_avoid_pair_first_id")),
        sa.ForeignKeyConstraint(["second_id"], ["account.id"], name=op.f("fk_avoid_pair_second_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_avoid_pair")),
        sa.UniqueConstraint("council_id", "first_id", "second_id", name="uq_avoid_pair_once"),
    )
    op.create_table(
        "declaration",
        sa.Column(
            "nomination_id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=False,
            nullable=False,
        ),
        sa.Column(
            "account_id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=False,
            nullable=False,
        ),
        sa.Column("declared_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_declaration_account_id")),
        sa.ForeignKeyConstraint(
            ["nomination_id"], ["nomination.id"], name=op.f("fk_declaration_nomination_id")
        ),
        sa.PrimaryKeyConstraint("nomination_id", "account_id", name=op.f("pk_declaration")),
    )
    op.create_index("ix_declaration_account_id", "declaration", ["account_id"], unique=False)
    op.create_table(
        "reading",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("nomination_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("account_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("run_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("assigned_by_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("assigned_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("removed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("removed_by_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("removal_reason", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_reading_account_id")),
        sa.ForeignKeyConstraint(["assigned_by_id"], ["account.id"], name=op.f("fk_reading_assigned_by_id")),
        sa.ForeignKeyConstraint(["nomination_id"], ["nomination.id"], name=op.f("fk_reading_nomination_id")),
        sa.ForeignKeyConstraint(["removed_by_id"], ["account.id"], name=op.f("fk_reading_removed_by_id")),
        sa.ForeignKeyConstraint(["run_id"], ["assignment_run.id"], name=op.f("fk_reading_run_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reading")),
    )
    op.create_index("ix_reading_account_id", "reading", ["account_id"], unique=False)
    op.create_index(
        "uq_reading_live",
        "reading",
        ["nomination_id", "account_id"],
        unique=True,
        sqlite_where=sa.text("removed_at IS NULL"),
        postgresql_where=sa.text("removed_at IS NULL"),
    )
    with op.batch_alter_table("council") as batch:
        batch.add_column(
            sa.Column(
                "shared_domains",
                sa.JSON().with_variant(postgresql.JSONB(), "postgresql"),
                nullable=False,
                server_default="[]",
            )
        )


def downgrade() -> None:
    with op.batch_alter_table("council") as batch:
        batch.drop_column("shared_domains")
    op.drop_index(
        "uq_reading_live",
        table_name="reading",
        sqlite_where=sa.text("removed_at IS NULL"),
        postgresql_where=sa.text("removed_at IS NULL"),
    )
    op.drop_index("ix_reading_account_id", table_name="reading")
    op.drop_table("reading")
    op.drop_index("ix_declaration_account_id", table_name="declaration")
    op.drop_table("declaration")
    op.drop_table("avoid_pair")
    op.drop_index(
        "uq_assignment_run_open",
        table_name="assignment_run",
        sqlite_where=sa.text("taken_at IS NULL AND dropped_at IS NULL"),
        postgresql_where=sa.text("taken_at IS NULL AND dropped_at IS NULL"),
    )
    op.drop_index(op.f("ix_assignment_run_council_id"), table_name="assignment_run")
    op.drop_table("assignment_run")
    op.drop_table("affiliation")
