"""The programme grows: releases and what is published, conflict rules, proposals, tracks, files read before."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "2026_11_30_programme"
down_revision = "2026_11_22_reminders"
branch_labels = None
depends_on = None

JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
MOMENT = sa.DateTime(timezone=True)
PLAIN = [
    ("placement", "interpretation", sa.Text()),
    ("placement", "local_part", JSON),
    ("placement", "confirmed_at", MOMENT),
    ("placement", "opt_out_reason", sa.Text()),
    ("session", "subtitle", JSON),
    ("session", "description", JSON),
    ("session", "order_mark", sa.String(length=40)),
    ("session", "wishes", JSON),
    ("session", "imported", JSON),
]
FLAGS = [("part", "remote"), ("session", "main"), ("session", "pinned"), ("session", "held")]
LISTS = [("room", "features"), ("session", "audiences"), ("session", "needs")]
BOUND = [
    ("session", "track_id", "BIGINT", "fk_session_track_id REFERENCES track (id)"),
    ("session", "expected", "INTEGER", "ck_session_expected_not_negative CHECK (expected >= 0)"),
    ("session", "duration", "INTEGER", "ck_session_duration_positive CHECK (duration > 0)"),
    ("room", "turnaround", "INTEGER", "ck_room_turnaround_not_negative CHECK (turnaround >= 0)"),
]
TABLES = (
    "conflict_override conflict_setting imported_person programme_setting release track proposal site_travel "
    "availability published_session release_entry session_order published_part published_placement"
).split()


def upgrade() -> None:
    op.create_table(
        "conflict_override",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("edition_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("rule", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("account_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("length(reason) > 0", name=op.f("ck_conflict_override_reason_given")),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_conflict_override_account_id")),
        sa.ForeignKeyConstraint(["edition_id"], ["edition.id"], name=op.f("fk_conflict_override_edition_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_conflict_override")),
        sa.UniqueConstraint("edition_id", "rule", "key", name="uq_conflict_override_once"),
    )
    op.create_table(
        "conflict_setting",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("edition_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("rule", sa.Text(), nullable=False),
        sa.Column("level", sa.String(length=40), nullable=False),
        sa.ForeignKeyConstraint(["edition_id"], ["edition.id"], name=op.f("fk_conflict_setting_edition_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_conflict_setting")),
        sa.UniqueConstraint("edition_id", "rule", name=op.f("uq_conflict_setting_edition_id_rule")),
    )
    op.create_table(
        "imported_person",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("edition_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("person_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.ForeignKeyConstraint(["edition_id"], ["edition.id"], name=op.f("fk_imported_person_edition_id")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_imported_person_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_imported_person")),
        sa.UniqueConstraint("edition_id", "key", name=op.f("uq_imported_person_edition_id_key")),
    )
    op.create_index(op.f("ix_imported_person_person_id"), "imported_person", ["person_id"], unique=False)
    op.create_table(
        "programme_setting",
        sa.Column(
            "edition_id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=False,
            nullable=False,
        ),
        sa.Column("turnaround", sa.Integer(), nullable=False),
        sa.Column("travel", sa.Integer(), nullable=False),
        sa.Column("licences", sa.Integer(), nullable=True),
        sa.Column("interpreters", sa.Integer(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "interpreters IS NULL OR interpreters >= 0",
            name=op.f("ck_programme_setting_interpreters_not_negative"),
        ),
        sa.CheckConstraint(
            "licences IS NULL OR licences >= 0", name=op.f("ck_programme_setting_licences_not_negative")
        ),
        sa.CheckConstraint("travel >= 0", name=op.f("ck_programme_setting_travel_not_negative")),
        sa.CheckConstraint("turnaround >= 0", name=op.f("ck_programme_setting_turnaround_not_negative")),
        sa.ForeignKeyConstraint(["edition_id"], ["edition.id"], name=op.f("fk_programme_setting_edition_id")),
        sa.PrimaryKeyConstraint("edition_id", name=op.f("pk_programme_setting")),
    )
    op.create_table(
        "release",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("edition_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("note", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=True),
        sa.Column("forced_reason", sa.Text(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("account_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.CheckConstraint("number >= 1", name=op.f("ck_release_number_positive")),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_release_account_id")),
        sa.ForeignKeyConstraint(["edition_id"], ["edition.id"], name=op.f("fk_release_edition_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_release")),
        sa.UniqueConstraint("edition_id", "number", name=op.f("uq_release_edition_id_number")),
    )
    op.create_table(
        "track",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("edition_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("name", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["edition_id"], ["edition.id"], name=op.f("fk_track_edition_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_track")),
        sa.UniqueConstraint("edition_id", "code", name=op.f("uq_track_edition_id_code")),
    )
    op.create_table(
        "proposal",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("edition_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("source", sa.String(length=40), nullable=False),
        sa.Column("state", sa.String(length=40), nullable=False),
        sa.Column("site_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("operation_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("note", sa.Text(), server_default="", nullable=False),
        sa.Column("changes", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column("facts", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=True),
        sa.Column("answer", sa.Text(), server_default="", nullable=False),
        sa.Column("created_by_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("decided_by_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["created_by_id"], ["account.id"], name=op.f("fk_proposal_created_by_id")),
        sa.ForeignKeyConstraint(["decided_by_id"], ["account.id"], name=op.f("fk_proposal_decided_by_id")),
        sa.ForeignKeyConstraint(["edition_id"], ["edition.id"], name=op.f("fk_proposal_edition_id")),
        sa.ForeignKeyConstraint(["operation_id"], ["operation.id"], name=op.f("fk_proposal_operation_id")),
        sa.ForeignKeyConstraint(["site_id"], ["site.id"], name=op.f("fk_proposal_site_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_proposal")),
        sa.UniqueConstraint("operation_id", name=op.f("uq_proposal_operation_id")),
    )
    op.create_index("ix_proposal_edition_id_state", "proposal", ["edition_id", "state"], unique=False)
    op.create_index(op.f("ix_proposal_site_id"), "proposal", ["site_id"], unique=False)
    op.create_index(
        "uq_proposal_one_draft",
        "proposal",
        ["site_id"],
        unique=True,
        sqlite_where=sa.text("state = 'draft'"),
        postgresql_where=sa.text("state = 'draft'"),
    )
    op.create_table(
        "site_travel",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("edition_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("one_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("other_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("length", sa.Integer(), nullable=False),
        sa.CheckConstraint("length >= 0", name=op.f("ck_site_travel_length_not_negative")),
        sa.CheckConstraint("one_id < other_id", name=op.f("ck_site_travel_written_once")),
        sa.ForeignKeyConstraint(
            ["one_id", "edition_id"], ["site.id", "site.edition_id"], name="fk_site_travel_one"
        ),
        sa.ForeignKeyConstraint(
            ["other_id", "edition_id"], ["site.id", "site.edition_id"], name="fk_site_travel_other"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_site_travel")),
        sa.UniqueConstraint("one_id", "other_id", name="uq_site_travel_once"),
    )
    op.create_index("ix_site_travel_edition_id", "site_travel", ["edition_id"], unique=False)
    op.create_table(
        "availability",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("edition_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("person_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("room_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("site_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("available", sa.Boolean(), nullable=False),
        sa.Column("note", sa.Text(), server_default="", nullable=False),
        sa.CheckConstraint(
            "(CASE WHEN person_id IS NULL THEN 0 ELSE 1 END)"
            " + (CASE WHEN room_id IS NULL THEN 0 ELSE 1 END)"
            " + (CASE WHEN site_id IS NULL THEN 0 ELSE 1 END) = 1",
            name=op.f("ck_availability_of_one_thing"),
        ),
        sa.CheckConstraint("starts_at < ends_at", name=op.f("ck_availability_times_in_order")),
        sa.ForeignKeyConstraint(["edition_id"], ["edition.id"], name=op.f("fk_availability_edition_id")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_availability_person_id")),
        sa.ForeignKeyConstraint(["room_id"], ["room.id"], name=op.f("fk_availability_room_id")),
        sa.ForeignKeyConstraint(["site_id"], ["site.id"], name=op.f("fk_availability_site_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_availability")),
    )
    op.create_index("ix_availability_edition_id", "availability", ["edition_id"], unique=False)
    op.create_index(op.f("ix_availability_person_id"), "availability", ["person_id"], unique=False)
    op.create_index(op.f("ix_availability_room_id"), "availability", ["room_id"], unique=False)
    op.create_index(op.f("ix_availability_site_id"), "availability", ["site_id"], unique=False)
    op.create_table(
        "published_session",
        sa.Column(
            "id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False
        ),
        sa.Column("edition_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("guid", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("state", sa.String(length=40), nullable=False),
        sa.Column("title", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column("subtitle", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=True),
        sa.Column("abstract", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=True),
        sa.Column("description", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=True),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("track_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("main", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column(
            "audiences",
            sa.JSON().with_variant(postgresql.JSONB(), "postgresql"),
            server_default="[]",
            nullable=False,
        ),
        sa.Column(
            "needs",
            sa.JSON().with_variant(postgresql.JSONB(), "postgresql"),
            server_default="[]",
            nullable=False,
        ),
        sa.Column("expected", sa.Integer(), nullable=True),
        sa.Column("duration", sa.Integer(), nullable=True),
        sa.Column("imported", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=True),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["edition_id"], ["edition.id"], name=op.f("fk_published_session_edition_id")),
        sa.ForeignKeyConstraint(["id"], ["session.id"], name=op.f("fk_published_session_id")),
        sa.ForeignKeyConstraint(["track_id"], ["track.id"], name=op.f("fk_published_session_track_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_published_session")),
        sa.UniqueConstraint("guid", name=op.f("uq_published_session_guid")),
    )
    op.create_index("ix_published_session_edition_id", "published_session", ["edition_id"], unique=False)
    op.create_index(op.f("ix_published_session_track_id"), "published_session", ["track_id"], unique=False)
    op.create_table(
        "release_entry",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("release_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("session_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("change", sa.String(length=40), nullable=False),
        sa.Column("content", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.ForeignKeyConstraint(["release_id"], ["release.id"], name=op.f("fk_release_entry_release_id")),
        sa.ForeignKeyConstraint(["session_id"], ["session.id"], name=op.f("fk_release_entry_session_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_release_entry")),
        sa.UniqueConstraint("release_id", "session_id", name=op.f("uq_release_entry_release_id_session_id")),
    )
    op.create_index("ix_release_entry_session_id", "release_entry", ["session_id"], unique=False)
    op.create_table(
        "session_order",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("edition_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("before_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("after_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("minutes", sa.Integer(), server_default="0", nullable=False),
        sa.CheckConstraint("before_id <> after_id", name=op.f("ck_session_order_two_sessions")),
        sa.CheckConstraint("minutes >= 0", name=op.f("ck_session_order_minutes_not_negative")),
        sa.ForeignKeyConstraint(
            ["after_id", "edition_id"], ["session.id", "session.edition_id"], name="fk_session_order_after"
        ),
        sa.ForeignKeyConstraint(
            ["before_id", "edition_id"], ["session.id", "session.edition_id"], name="fk_session_order_before"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_session_order")),
        sa.UniqueConstraint("before_id", "after_id", name="uq_session_order_once"),
    )
    op.create_index("ix_session_order_after_id", "session_order", ["after_id"], unique=False)
    op.create_index("ix_session_order_edition_id", "session_order", ["edition_id"], unique=False)
    op.create_table(
        "published_part",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("session_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("person_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("site_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("remote", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_published_part_person_id")),
        sa.ForeignKeyConstraint(["session_id"], ["published_session.id"], name="fk_published_part_session"),
        sa.ForeignKeyConstraint(["site_id"], ["site.id"], name=op.f("fk_published_part_site_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_published_part")),
    )
    op.create_index(op.f("ix_published_part_person_id"), "published_part", ["person_id"], unique=False)
    op.create_index("ix_published_part_session_id", "published_part", ["session_id"], unique=False)
    op.create_table(
        "published_placement",
        sa.Column(
            "id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False
        ),
        sa.Column("edition_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("session_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("site_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("room_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("role", sa.String(length=40), nullable=False),
        sa.Column("mode", sa.String(length=40), nullable=False),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("join_url", sa.Text(), nullable=True),
        sa.Column("capacity", sa.Integer(), nullable=True),
        sa.Column("interpretation", sa.Text(), nullable=True),
        sa.Column("local_part", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=True),
        sa.Column("cancelled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("opt_out_reason", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["edition_id"], ["edition.id"], name=op.f("fk_published_placement_edition_id")
        ),
        sa.ForeignKeyConstraint(["id"], ["placement.id"], name=op.f("fk_published_placement_id")),
        sa.ForeignKeyConstraint(["room_id"], ["room.id"], name=op.f("fk_published_placement_room_id")),
        sa.ForeignKeyConstraint(
            ["session_id"], ["published_session.id"], name="fk_published_placement_session"
        ),
        sa.ForeignKeyConstraint(["site_id"], ["site.id"], name=op.f("fk_published_placement_site_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_published_placement")),
    )
    op.create_index(
        "ix_published_placement_edition_id_starts_at",
        "published_placement",
        ["edition_id", "starts_at"],
        unique=False,
    )
    op.create_index("ix_published_placement_session_id", "published_placement", ["session_id"], unique=False)
    op.create_index("ix_published_placement_site_id", "published_placement", ["site_id"], unique=False)

    for table, name, kind in PLAIN:
        op.add_column(table, sa.Column(name, kind, nullable=True))
    for table, name in FLAGS:
        op.add_column(table, sa.Column(name, sa.Boolean(), server_default=sa.false(), nullable=False))
    for table, name in LISTS:
        op.add_column(table, sa.Column(name, JSON, server_default="[]", nullable=False))
    # In SQL, since SQLite adds a constraint only together with its column, and making the table anew would lose the
    # guards of the rooms and run into all that refers to it.
    for table, name, kind, constraint in BOUND:
        kind = kind if _is_postgresql() else "INTEGER"
        op.execute(f"ALTER TABLE {table} ADD COLUMN {name} {kind} CONSTRAINT {constraint}")
    op.create_index("ix_session_track_id", "session", ["track_id"], unique=False)
    _give_people_guids()
    _publish_what_is_public()
    op.drop_column("session", "sequence")


def _give_people_guids() -> None:
    if _is_postgresql():
        op.add_column(
            "person", sa.Column("guid", sa.Uuid(), server_default=sa.func.gen_random_uuid(), nullable=False)
        )
        op.alter_column("person", "guid", server_default=None)
    else:
        op.add_column("person", sa.Column("guid", sa.Uuid(), server_default="", nullable=False))
        op.execute("UPDATE person SET guid = lower(hex(randomblob(16)))")
    op.create_index("uq_person_guid", "person", ["guid"], unique=True)


def _publish_what_is_public() -> None:
    """Let visitors see what they saw: published sessions, and cancelled ones that were published before."""
    columns = "id, edition_id, code, guid, kind, state, title, abstract, language, sequence, updated_at"
    op.execute(
        f"INSERT INTO published_session ({columns}) SELECT {columns} FROM session "  # noqa: S608  (our own words)
        "WHERE state = 'published' OR (state = 'cancelled' AND sequence > 0)"
    )
    columns = (
        "id, edition_id, session_id, site_id, room_id, role, mode, starts_at, ends_at, join_url, capacity"
    )
    columns += ", cancelled_at"
    op.execute(
        f"INSERT INTO published_placement ({columns}) SELECT {columns} FROM placement "  # noqa: S608  (our own words)
        "WHERE session_id IN (SELECT id FROM published_session)"
    )
    columns = "session_id, person_id, kind, site_id, position"
    op.execute(
        f"INSERT INTO published_part ({columns}) SELECT {columns} FROM part "  # noqa: S608  (our own words)
        "WHERE session_id IN (SELECT id FROM published_session) ORDER BY id"
    )


def downgrade() -> None:
    op.add_column("session", sa.Column("sequence", sa.Integer(), server_default="0", nullable=False))
    op.execute(
        "UPDATE session SET sequence = (SELECT sequence FROM published_session WHERE id = session.id) "
        "WHERE id IN (SELECT id FROM published_session)"
    )
    # A sequence above 0 is how a cancelled session was known to be public; this one waits for its release.
    op.execute(
        "UPDATE session SET sequence = 1 "
        "WHERE state = 'cancelled' AND sequence = 0 AND id IN (SELECT id FROM published_session)"
    )
    op.drop_index("uq_person_guid", table_name="person")
    op.drop_column("person", "guid")
    op.drop_index("ix_session_track_id", table_name="session")
    for table, name, _kind, _constraint in reversed(BOUND):
        op.drop_column(table, name)
    for table, name in (*LISTS, *FLAGS, *((table, name) for table, name, _ in PLAIN)):
        op.drop_column(table, name)
    for table in reversed(TABLES):
        op.drop_table(table)


def _is_postgresql() -> bool:
    return op.get_bind().dialect.name == "postgresql"
