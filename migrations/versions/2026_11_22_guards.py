"""What the database itself refuses: two sessions in one room at one time, and a changed audit trail."""

import sqlalchemy as sa
from alembic import op

revision = "2026_11_22_guards"
down_revision = "2026_11_22_first_tables"
branch_labels = None
depends_on = None

GENESIS = "0" * 64

# A placement holds its room unless the room is shared, an override was recorded, or it was cancelled.
# Half-open: a session may begin in the minute in which the one before ends.
POSTGRESQL = [
    """
    ALTER TABLE placement ADD CONSTRAINT ex_placement_room_taken EXCLUDE USING gist (
        int8range(room_id, room_id, '[]') WITH &&,
        tstzrange(starts_at, ends_at, '[)') WITH &&
    ) WHERE (room_id IS NOT NULL AND NOT room_shared AND override_id IS NULL AND cancelled_at IS NULL)
    """,
    """
    CREATE FUNCTION audit_entry_is_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN RAISE EXCEPTION 'audit_entry is append-only' USING ERRCODE = 'integrity_constraint_violation'; END $$
    """,
    """
    CREATE TRIGGER audit_entry_append_only BEFORE UPDATE OR DELETE ON audit_entry
    FOR EACH ROW EXECUTE FUNCTION audit_entry_is_append_only()
    """,
    """
    CREATE TRIGGER audit_entry_no_truncate BEFORE TRUNCATE ON audit_entry
    FOR EACH STATEMENT EXECUTE FUNCTION audit_entry_is_append_only()
    """,
]
POSTGRESQL_BACK = [
    "DROP TRIGGER audit_entry_no_truncate ON audit_entry",
    "DROP TRIGGER audit_entry_append_only ON audit_entry",
    "DROP FUNCTION audit_entry_is_append_only()",
    "ALTER TABLE placement DROP CONSTRAINT ex_placement_room_taken",
]

ROOM_TAKEN = """
    CREATE TRIGGER placement_room_taken_{name} {moment} ON placement
    WHEN NEW.room_id IS NOT NULL AND NOT NEW.room_shared AND NEW.override_id IS NULL AND NEW.cancelled_at IS NULL
    BEGIN
        SELECT RAISE(ABORT, 'ex_placement_room_taken')
        WHERE EXISTS (
            SELECT 1 FROM placement AS other
            WHERE other.room_id = NEW.room_id AND other.id <> NEW.id
              AND other.override_id IS NULL AND other.cancelled_at IS NULL
              AND other.starts_at < NEW.ends_at AND NEW.starts_at < other.ends_at
        );
    END
"""
SQLITE = [
    # AFTER, so that a row which a foreign key has just changed (a room that is no longer shared) is looked at too.
    ROOM_TAKEN.format(name="insert", moment="AFTER INSERT"),
    ROOM_TAKEN.format(name="update", moment="AFTER UPDATE"),
    """
    CREATE TRIGGER audit_entry_no_update BEFORE UPDATE ON audit_entry
    BEGIN SELECT RAISE(ABORT, 'audit_entry is append-only'); END
    """,
    """
    CREATE TRIGGER audit_entry_no_delete BEFORE DELETE ON audit_entry
    BEGIN SELECT RAISE(ABORT, 'audit_entry is append-only'); END
    """,
]
SQLITE_BACK = [
    "DROP TRIGGER audit_entry_no_delete",
    "DROP TRIGGER audit_entry_no_update",
    "DROP TRIGGER placement_room_taken_update",
    "DROP TRIGGER placement_room_taken_insert",
]


def upgrade() -> None:
    for statement in POSTGRESQL if _is_postgresql() else SQLITE:
        op.execute(statement)
    # The head is where the chain ends: at the beginning, or, after a downgrade, at the last entry.
    op.execute(
        sa.text(
            "INSERT INTO audit_head (id, sequence, hash) SELECT 1, coalesce(max(sequence), 0), "
            "coalesce((SELECT hash FROM audit_entry ORDER BY sequence DESC LIMIT 1), :genesis) FROM audit_entry"
        ).bindparams(genesis=GENESIS)
    )


def downgrade() -> None:
    for statement in POSTGRESQL_BACK if _is_postgresql() else SQLITE_BACK:
        op.execute(statement)
    op.execute("DELETE FROM audit_head")


def _is_postgresql() -> bool:
    return op.get_bind().dialect.name == "postgresql"
