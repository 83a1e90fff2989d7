"""Sensitive answers and files, sealed at rest.

Here are the columns alone.  What is there already is sealed right after the migrations by `dxday db upgrade`, and by
the job `seal-dossiers`: it takes the keys of the settings and the files in storage, which no transaction holds.
"""

import sqlalchemy as sa
from alembic import op

revision = "2026_12_02_sealed"
down_revision = "2026_12_02_decisions"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("nomination", sa.Column("seal", sa.Text(), nullable=True))
    op.add_column("nominee_list", sa.Column("seal", sa.Text(), nullable=True))
    op.add_column("attachment", sa.Column("sealed", sa.Boolean(), nullable=False, server_default=sa.false()))
    with op.batch_alter_table("attachment") as batch:
        batch.alter_column("sealed", server_default=None)
    with op.batch_alter_table("dossier_answer") as batch:
        batch.add_column(sa.Column("sealed", sa.Text(), nullable=True))
        batch.create_check_constraint(
            op.f("ck_dossier_answer_open_or_sealed"), "value IS NULL OR sealed IS NULL"
        )


def downgrade() -> None:
    answers = sa.table("dossier_answer", sa.column("sealed", sa.Text()))
    files = sa.table("attachment", sa.column("sealed", sa.Boolean()))
    lists = sa.table("nominee_list", sa.column("seal", sa.Text()))
    bind = op.get_bind()
    for statement in (
        sa.select(sa.literal(1)).select_from(answers).where(answers.c.sealed.is_not(None)),
        sa.select(sa.literal(1)).select_from(files).where(files.c.sealed.is_(sa.true())),
        sa.select(sa.literal(1)).select_from(lists).where(lists.c.seal.is_not(None)),
    ):
        if bind.execute(statement.limit(1)).first() is not None:
            raise RuntimeError(
                "something is sealed: without its columns it would be lost. Nothing was changed."
            )
    with op.batch_alter_table("dossier_answer") as batch:
        batch.drop_constraint(op.f("ck_dossier_answer_open_or_sealed"), type_="check")
        batch.drop_column("sealed")
    op.drop_column("attachment", "sealed")
    op.drop_column("nominee_list", "seal")
    op.drop_column("nomination", "seal")
