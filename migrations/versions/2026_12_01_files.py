"""Files in quarantine, and lists that were imported."""

import sqlalchemy as sa
from alembic import op

revision = "2026_12_01_files"
down_revision = "2026_12_01_dossiers"
branch_labels = None
depends_on = None

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    with op.batch_alter_table("attachment") as batch:
        batch.add_column(sa.Column("item_id", KEY, nullable=True))
        batch.add_column(sa.Column("refusal", sa.Text(), nullable=True))
        batch.add_column(sa.Column("checked_at", MOMENT, nullable=True))
        batch.add_column(sa.Column("carriage", sa.String(length=40), nullable=False, server_default="queued"))
        batch.add_column(sa.Column("due_at", MOMENT, nullable=True))
        batch.add_column(sa.Column("handed_until", MOMENT, nullable=True))
        batch.add_column(sa.Column("leased_until", MOMENT, nullable=True))
        batch.add_column(sa.Column("tries", sa.Integer(), nullable=False, server_default="0"))
        batch.add_column(sa.Column("error", sa.Text(), nullable=True))
        batch.create_foreign_key(op.f("fk_attachment_item_id"), "dossier_item", ["item_id"], ["id"])
    # What is there was checked by its content when it came, which was all there was.
    op.execute("UPDATE attachment SET carriage = 'done', checked_at = created_at")
    with op.batch_alter_table("attachment") as batch:
        batch.create_check_constraint(
            op.f("ck_attachment_checked_when_done"), "(carriage = 'done') = (checked_at IS NOT NULL)"
        )
        batch.create_check_constraint(
            op.f("ck_attachment_refused_when_done"), "refusal IS NULL OR carriage = 'done'"
        )
        batch.create_index(op.f("ix_attachment_carriage"), ["carriage"], unique=False)
        batch.create_index(op.f("ix_attachment_item_id"), ["item_id"], unique=False)
    op.create_table(
        "nominee_list",
        sa.Column("id", KEY, nullable=False),
        sa.Column("edition_id", KEY, nullable=False),
        sa.Column("organisation_id", KEY, nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("filename", sa.Text(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("storage_key", sa.Text(), nullable=False),
        sa.Column("uploaded_by_id", KEY, nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("imported_at", MOMENT, nullable=True),
        sa.Column("imported_count", sa.Integer(), nullable=True),
        sa.CheckConstraint(
            "(imported_at IS NULL) = (imported_count IS NULL)", name=op.f("ck_nominee_list_imported_counts")
        ),
        sa.ForeignKeyConstraint(["edition_id"], ["edition.id"], name=op.f("fk_nominee_list_edition_id")),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("fk_nominee_list_organisation_id")
        ),
        sa.ForeignKeyConstraint(
            ["uploaded_by_id"], ["account.id"], name=op.f("fk_nominee_list_uploaded_by_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_nominee_list")),
        sa.UniqueConstraint("edition_id", "code", name=op.f("uq_nominee_list_edition_id_code")),
    )


def downgrade() -> None:
    op.drop_table("nominee_list")
    with op.batch_alter_table("attachment") as batch:
        batch.drop_index(op.f("ix_attachment_item_id"))
        batch.drop_index(op.f("ix_attachment_carriage"))
        batch.drop_constraint(op.f("ck_attachment_refused_when_done"), type_="check")
        batch.drop_constraint(op.f("ck_attachment_checked_when_done"), type_="check")
        batch.drop_constraint(op.f("fk_attachment_item_id"), type_="foreignkey")
        batch.drop_column("error")
        batch.drop_column("tries")
        batch.drop_column("leased_until")
        batch.drop_column("handed_until")
        batch.drop_column("due_at")
        batch.drop_column("carriage")
        batch.drop_column("checked_at")
        batch.drop_column("refusal")
        batch.drop_column("item_id")
