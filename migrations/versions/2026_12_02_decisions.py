"""Decisions: legal bases, the document, the day they are announced."""

import re

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "2026_12_02_decisions"
down_revision = "2026_12_01_ceremony"
branch_labels = None
depends_on = None

TEXTS = ("issuer", "authority", "about")
LISTS = ("bases", "articles", "recipients", "annexes")
MOMENTS = ("announce_at", "announced_at")

_LINES = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
_KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    # No table is made anew: on SQLite that would drop what the rows of others point to.
    for name in TEXTS:
        op.add_column("decision", sa.Column(name, sa.Text(), server_default="", nullable=False))
    for name in LISTS:
        op.add_column("decision", sa.Column(name, _LINES, server_default="[]", nullable=False))
    for name in MOMENTS:
        op.add_column("decision", sa.Column(name, sa.DateTime(timezone=True), nullable=True))
    whole_number = "INTEGER" if op.get_bind().dialect.name == "sqlite" else "BIGINT"
    op.execute(
        f"ALTER TABLE decision ADD COLUMN announced_by_id {whole_number}"
        " CONSTRAINT fk_decision_announced_by_id REFERENCES account (id)"
    )
    op.create_index(
        "ix_decision_announce_at",
        "decision",
        ["announce_at"],
        unique=False,
        sqlite_where=sa.text("announced_at IS NULL"),
        postgresql_where=sa.text("announced_at IS NULL"),
    )
    op.create_table(
        "decision_document",
        sa.Column("decision_id", _KEY, autoincrement=False, nullable=False),
        sa.Column("storage_key", sa.Text(), nullable=False),
        sa.Column("size", _KEY, nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("made_by_id", _KEY, nullable=True),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["decision_id"], ["decision.id"], name=op.f("fk_decision_document_decision_id")
        ),
        sa.ForeignKeyConstraint(["made_by_id"], ["account.id"], name=op.f("fk_decision_document_made_by_id")),
        sa.PrimaryKeyConstraint("decision_id", name=op.f("pk_decision_document")),
    )
    op.add_column("nomination", sa.Column("told_state", sa.String(length=40), nullable=True))
    op.add_column("certificate", sa.Column("told_at", sa.DateTime(timezone=True), nullable=True))
    op.create_index(
        "ix_certificate_untold",
        "certificate",
        ["award_id"],
        unique=False,
        sqlite_where=sa.text("told_at IS NULL AND carriage = 'done'"),
        postgresql_where=sa.text("told_at IS NULL AND carriage = 'done'"),
    )
    _carry_over()


def _carry_over() -> None:
    """What was decided before is known already; its legal bases are those of its schemes, its words were not kept."""
    connection = op.get_bind()
    connection.execute(
        sa.text("UPDATE decision SET announced_at = recorded_at, announced_by_id = recorded_by_id")
    )
    connection.execute(sa.text("UPDATE certificate SET told_at = rendered_at"))
    cited: dict[int, list[str]] = {}
    for decision_id, basis in connection.execute(
        sa.text(
            "SELECT DISTINCT award.decision_id, scheme.legal_basis FROM award"
            " JOIN category ON category.id = award.category_id JOIN scheme ON scheme.id = category.scheme_id"
            " ORDER BY award.decision_id, scheme.legal_basis"
        )
    ):
        for each in filter(None, (part.strip() for part in re.split(r"[;\n]", basis))):
            line = each if each.casefold().startswith("căn cứ") else f"Căn cứ {each}"
            cited.setdefault(decision_id, []).append(line)
    decisions = sa.table("decision", sa.column("id", _KEY), sa.column("bases", _LINES))
    for decision_id, lines in cited.items():
        connection.execute(
            decisions.update().where(decisions.c.id == decision_id).values(bases=list(dict.fromkeys(lines)))
        )


def downgrade() -> None:
    op.drop_index(
        "ix_certificate_untold",
        table_name="certificate",
        sqlite_where=sa.text("told_at IS NULL AND carriage = 'done'"),
        postgresql_where=sa.text("told_at IS NULL AND carriage = 'done'"),
    )
    op.drop_column("certificate", "told_at")
    op.drop_column("nomination", "told_state")
    op.drop_table("decision_document")
    op.drop_index(
        "ix_decision_announce_at",
        table_name="decision",
        sqlite_where=sa.text("announced_at IS NULL"),
        postgresql_where=sa.text("announced_at IS NULL"),
    )
    for name in ("announced_by_id", *MOMENTS, *LISTS, *TEXTS):
        op.drop_column("decision", name)
