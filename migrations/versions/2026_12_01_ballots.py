"""Ballots: rounds, voters and votes."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "2026_12_01_ballots"
down_revision = "2026_12_01_sheets"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "ballot",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("edition_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("scheme_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("council_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("state", sa.String(length=40), nullable=False),
        sa.Column("secret", sa.Boolean(), nullable=False),
        sa.Column("quorum", sa.Integer(), nullable=False),
        sa.Column("threshold", sa.Integer(), nullable=False),
        sa.Column("rounds", sa.Integer(), nullable=False),
        sa.Column("tie_break", sa.String(length=40), nullable=False),
        sa.Column("created_by_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("cancelled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("cancel_reason", sa.Text(), nullable=True),
        sa.CheckConstraint("NOT (secret AND tie_break = 'chair')", name=op.f("ck_ballot_chair_not_known")),
        sa.CheckConstraint(
            "quorum BETWEEN 1 AND 100 AND threshold BETWEEN 1 AND 100", name=op.f("ck_ballot_percents")
        ),
        sa.ForeignKeyConstraint(
            ["council_id", "edition_id"], ["council.id", "council.edition_id"], name="fk_ballot_council"
        ),
        sa.ForeignKeyConstraint(["created_by_id"], ["account.id"], name=op.f("fk_ballot_created_by_id")),
        sa.ForeignKeyConstraint(
            ["scheme_id", "edition_id"], ["scheme.id", "scheme.edition_id"], name="fk_ballot_scheme"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ballot")),
    )
    op.create_index("ix_ballot_edition_id", "ballot", ["edition_id"], unique=False)
    op.create_index(
        "uq_ballot_live",
        "ballot",
        ["scheme_id"],
        unique=True,
        sqlite_where=sa.text("state IN ('prepared', 'open', 'counted')"),
        postgresql_where=sa.text("state IN ('prepared', 'open', 'counted')"),
    )
    op.create_table(
        "ballot_minutes",
        sa.Column(
            "ballot_id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=False,
            nullable=False,
        ),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("storage_key", sa.Text(), nullable=False),
        sa.Column("size", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("written_by_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("written_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["ballot_id"], ["ballot.id"], name=op.f("fk_ballot_minutes_ballot_id")),
        sa.ForeignKeyConstraint(
            ["written_by_id"], ["account.id"], name=op.f("fk_ballot_minutes_written_by_id")
        ),
        sa.PrimaryKeyConstraint("ballot_id", name=op.f("pk_ballot_minutes")),
    )
    op.create_table(
        "ballot_round",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("ballot_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=40), nullable=False),
        sa.Column("seats", sa.Integer(), nullable=False),
        sa.Column("took_part", sa.Integer(), nullable=True),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("counted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("seal", sa.Text(), nullable=True),
        sa.Column("annulled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("annul_reason", sa.Text(), nullable=True),
        sa.CheckConstraint("seats > 0", name=op.f("ck_ballot_round_seats")),
        sa.ForeignKeyConstraint(["ballot_id"], ["ballot.id"], name=op.f("fk_ballot_round_ballot_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ballot_round")),
        sa.UniqueConstraint(
            "ballot_id", "number", "attempt", name=op.f("uq_ballot_round_ballot_id_number_attempt")
        ),
    )
    op.create_index(
        "uq_ballot_round_open",
        "ballot_round",
        ["ballot_id"],
        unique=True,
        sqlite_where=sa.text("state = 'open'"),
        postgresql_where=sa.text("state = 'open'"),
    )
    op.create_table(
        "ballot_item",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("ballot_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("nomination_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("nominee_name", sa.Text(), nullable=False),
        sa.Column(
            "organisation_name", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False
        ),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("outcome", sa.String(length=40), nullable=True),
        sa.ForeignKeyConstraint(["ballot_id"], ["ballot.id"], name=op.f("fk_ballot_item_ballot_id")),
        sa.ForeignKeyConstraint(
            ["nomination_id"], ["nomination.id"], name=op.f("fk_ballot_item_nomination_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ballot_item")),
        sa.UniqueConstraint(
            "ballot_id", "nomination_id", name=op.f("uq_ballot_item_ballot_id_nomination_id")
        ),
    )
    op.create_index(op.f("ix_ballot_item_nomination_id"), "ballot_item", ["nomination_id"], unique=False)
    op.create_table(
        "ballot_seat",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("round_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("seat_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("account_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("full_name", sa.Text(), nullable=False),
        sa.Column("title", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("recused", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_ballot_seat_account_id")),
        sa.ForeignKeyConstraint(["round_id"], ["ballot_round.id"], name=op.f("fk_ballot_seat_round_id")),
        sa.ForeignKeyConstraint(["seat_id"], ["seat.id"], name=op.f("fk_ballot_seat_seat_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ballot_seat")),
        sa.UniqueConstraint("round_id", "seat_id", name=op.f("uq_ballot_seat_round_id_seat_id")),
    )
    op.create_index(op.f("ix_ballot_seat_account_id"), "ballot_seat", ["account_id"], unique=False)
    op.create_table(
        "ballot_voter",
        sa.Column(
            "round_id",
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
        sa.Column("seat_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("channel", sa.String(length=40), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_ballot_voter_account_id")),
        sa.ForeignKeyConstraint(["round_id"], ["ballot_round.id"], name=op.f("fk_ballot_voter_round_id")),
        sa.ForeignKeyConstraint(["seat_id"], ["seat.id"], name=op.f("fk_ballot_voter_seat_id")),
        sa.PrimaryKeyConstraint("round_id", "account_id", name=op.f("pk_ballot_voter")),
        sa.UniqueConstraint("round_id", "seat_id", name=op.f("uq_ballot_voter_round_id_seat_id")),
    )
    op.create_table(
        "ballot_tally",
        sa.Column(
            "round_id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=False,
            nullable=False,
        ),
        sa.Column(
            "item_id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=False,
            nullable=False,
        ),
        sa.Column("in_favour", sa.Integer(), nullable=True),
        sa.Column("against", sa.Integer(), nullable=True),
        sa.Column("blank", sa.Integer(), nullable=True),
        sa.Column("recused", sa.Integer(), nullable=True),
        sa.Column("not_voted", sa.Integer(), nullable=True),
        sa.Column("chair", sa.String(length=40), nullable=True),
        sa.Column("outcome", sa.String(length=40), nullable=True),
        sa.ForeignKeyConstraint(["item_id"], ["ballot_item.id"], name=op.f("fk_ballot_tally_item_id")),
        sa.ForeignKeyConstraint(["round_id"], ["ballot_round.id"], name=op.f("fk_ballot_tally_round_id")),
        sa.PrimaryKeyConstraint("round_id", "item_id", name=op.f("pk_ballot_tally")),
    )
    op.create_index(op.f("ix_ballot_tally_item_id"), "ballot_tally", ["item_id"], unique=False)
    op.create_table(
        "ballot_named_vote",
        sa.Column(
            "round_id",
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
        sa.Column(
            "item_id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=False,
            nullable=False,
        ),
        sa.Column("vote", sa.String(length=40), nullable=False),
        sa.ForeignKeyConstraint(
            ["round_id", "account_id"],
            ["ballot_voter.round_id", "ballot_voter.account_id"],
            name="fk_ballot_named_vote_voter",
        ),
        sa.ForeignKeyConstraint(
            ["round_id", "item_id"],
            ["ballot_tally.round_id", "ballot_tally.item_id"],
            name="fk_ballot_named_vote_tally",
        ),
        sa.PrimaryKeyConstraint("round_id", "account_id", "item_id", name=op.f("pk_ballot_named_vote")),
    )
    op.create_table(
        "ballot_vote",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("round_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("item_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("vote", sa.String(length=40), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["round_id", "item_id"],
            ["ballot_tally.round_id", "ballot_tally.item_id"],
            name="fk_ballot_vote_tally",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ballot_vote")),
        sa.UniqueConstraint("code", name=op.f("uq_ballot_vote_code")),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_ballot_vote_round_id_item_id", "ballot_vote", ["round_id", "item_id"], unique=False)


def downgrade() -> None:
    op.drop_index("ix_ballot_vote_round_id_item_id", table_name="ballot_vote")
    op.drop_table("ballot_vote")
    op.drop_table("ballot_named_vote")
    op.drop_index(op.f("ix_ballot_tally_item_id"), table_name="ballot_tally")
    op.drop_table("ballot_tally")
    op.drop_table("ballot_voter")
    op.drop_index(op.f("ix_ballot_seat_account_id"), table_name="ballot_seat")
    op.drop_table("ballot_seat")
    op.drop_index(op.f("ix_ballot_item_nomination_id"), table_name="ballot_item")
    op.drop_table("ballot_item")
    op.drop_index(
        "uq_ballot_round_open",
        table_name="ballot_round",
        sqlite_where=sa.text("state = 'open'"),
        postgresql_where=sa.text("state = 'open'"),
    )
    op.drop_table("ballot_round")
    op.drop_table("ballot_minutes")
    op.drop_index(
        "uq_ballot_live",
        table_name="ballot",
        sqlite_where=sa.text("state IN ('prepared', 'open', 'counted')"),
        postgresql_where=sa.text("state IN ('prepared', 'open', 'counted')"),
    )
    op.drop_index("ix_ballot_edition_id", table_name="ballot")
    op.drop_table("ballot")
