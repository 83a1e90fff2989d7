"""Holds, opinions, overrides of findings, and what dossiers are compared by."""

import sqlalchemy as sa
from alembic import op

revision = "2026_12_01_appraisal"
down_revision = "2026_12_01_endorsements"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "dossier_print",
        sa.Column(
            "nomination_id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=False,
            nullable=False,
        ),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("nominee_key", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["nomination_id"], ["nomination.id"], name=op.f("fk_dossier_print_nomination_id")
        ),
        sa.PrimaryKeyConstraint("nomination_id", name=op.f("pk_dossier_print")),
    )
    op.create_index(op.f("ix_dossier_print_nominee_key"), "dossier_print", ["nominee_key"], unique=False)
    op.create_table(
        "finding_override",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("nomination_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("rule", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("account_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("length(reason) > 0", name=op.f("ck_finding_override_reason_given")),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_finding_override_account_id")),
        sa.ForeignKeyConstraint(
            ["nomination_id"], ["nomination.id"], name=op.f("fk_finding_override_nomination_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_finding_override")),
        sa.UniqueConstraint("nomination_id", "rule", "key", name="uq_finding_override_once"),
    )
    op.create_table(
        "fingerprint",
        sa.Column(
            "hash", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False
        ),
        sa.Column(
            "nomination_id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=False,
            nullable=False,
        ),
        sa.ForeignKeyConstraint(
            ["nomination_id"], ["nomination.id"], name=op.f("fk_fingerprint_nomination_id")
        ),
        sa.PrimaryKeyConstraint("hash", "nomination_id", name=op.f("pk_fingerprint")),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_fingerprint_nomination_id", "fingerprint", ["nomination_id"], unique=False)
    op.create_table(
        "hold",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("edition_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("nomination_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("organisation_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("nominee_key", sa.Text(), nullable=True),
        sa.Column("nominee_name", sa.Text(), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("opened_by_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_on", sa.Date(), nullable=True),
        sa.Column("lifted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("lifted_by_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("lift_reason", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "(CASE WHEN nomination_id IS NULL THEN 0 ELSE 1 END)"
            " + (CASE WHEN organisation_id IS NULL THEN 0 ELSE 1 END)"
            " + (CASE WHEN nominee_key IS NULL THEN 0 ELSE 1 END) = 1",
            name=op.f("ck_hold_on_one_thing"),
        ),
        sa.CheckConstraint(
            "(lifted_at IS NULL) = (lift_reason IS NULL)", name=op.f("ck_hold_lifted_with_reason")
        ),
        sa.CheckConstraint("length(reason) > 0", name=op.f("ck_hold_reason_given")),
        sa.ForeignKeyConstraint(["edition_id"], ["edition.id"], name=op.f("fk_hold_edition_id")),
        sa.ForeignKeyConstraint(["lifted_by_id"], ["account.id"], name=op.f("fk_hold_lifted_by_id")),
        sa.ForeignKeyConstraint(["nomination_id"], ["nomination.id"], name=op.f("fk_hold_nomination_id")),
        sa.ForeignKeyConstraint(["opened_by_id"], ["account.id"], name=op.f("fk_hold_opened_by_id")),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("fk_hold_organisation_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_hold")),
    )
    op.create_index(op.f("ix_hold_edition_id"), "hold", ["edition_id"], unique=False)
    op.create_index(op.f("ix_hold_nomination_id"), "hold", ["nomination_id"], unique=False)
    op.create_index(op.f("ix_hold_nominee_key"), "hold", ["nominee_key"], unique=False)
    op.create_index(op.f("ix_hold_organisation_id"), "hold", ["organisation_id"], unique=False)
    op.create_table(
        "likeness",
        sa.Column(
            "one_id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=False,
            nullable=False,
        ),
        sa.Column(
            "other_id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=False,
            nullable=False,
        ),
        sa.Column("one_share", sa.Integer(), nullable=False),
        sa.Column("other_share", sa.Integer(), nullable=False),
        sa.Column("words", sa.Integer(), nullable=False),
        sa.CheckConstraint("one_id < other_id", name=op.f("ck_likeness_written_once")),
        sa.ForeignKeyConstraint(["one_id"], ["nomination.id"], name=op.f("fk_likeness_one_id")),
        sa.ForeignKeyConstraint(["other_id"], ["nomination.id"], name=op.f("fk_likeness_other_id")),
        sa.PrimaryKeyConstraint("one_id", "other_id", name=op.f("pk_likeness")),
    )
    op.create_index("ix_likeness_other_id", "likeness", ["other_id"], unique=False)
    op.create_table(
        "opinion",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("nomination_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("organisation_name", sa.Text(), nullable=False),
        sa.Column("question", sa.Text(), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("asked_by_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("in_favour", sa.Boolean(), nullable=True),
        sa.Column("text", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "(answered_at IS NULL) = (in_favour IS NULL) AND (answered_at IS NULL) = (text IS NULL)",
            name=op.f("ck_opinion_answered_whole"),
        ),
        sa.CheckConstraint("length(organisation_name) > 0", name=op.f("ck_opinion_agency_named")),
        sa.ForeignKeyConstraint(["asked_by_id"], ["account.id"], name=op.f("fk_opinion_asked_by_id")),
        sa.ForeignKeyConstraint(["nomination_id"], ["nomination.id"], name=op.f("fk_opinion_nomination_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_opinion")),
    )
    op.create_index(op.f("ix_opinion_nomination_id"), "opinion", ["nomination_id"], unique=False)
    op.create_index("ix_attachment_sha256", "attachment", ["sha256"], unique=False)


def downgrade() -> None:
    op.drop_index("ix_attachment_sha256", table_name="attachment")
    op.drop_index(op.f("ix_opinion_nomination_id"), table_name="opinion")
    op.drop_table("opinion")
    op.drop_index("ix_likeness_other_id", table_name="likeness")
    op.drop_table("likeness")
    op.drop_index(op.f("ix_hold_organisation_id"), table_name="hold")
    op.drop_index(op.f("ix_hold_nominee_key"), table_name="hold")
    op.drop_index(op.f("ix_hold_nomination_id"), table_name="hold")
    op.drop_index(op.f("ix_hold_edition_id"), table_name="hold")
    op.drop_table("hold")
    op.drop_index("ix_fingerprint_nomination_id", table_name="fingerprint")
    op.drop_table("fingerprint")
    op.drop_table("finding_override")
    op.drop_index(op.f("ix_dossier_print_nominee_key"), table_name="dossier_print")
    op.drop_table("dossier_print")
