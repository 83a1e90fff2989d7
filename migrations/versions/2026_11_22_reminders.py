"""The message ledger grows: rules, suppression, own wordings, webhooks, operations, runs of jobs, notices."""

from datetime import UTC, datetime, timedelta

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "2026_11_22_reminders"
down_revision = "2026_11_22_guards"
branch_labels = None
depends_on = None

JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
RULE = (
    "id edition_id name audience moment filters amount unit direction late_joiners channel state on_since created_at "
    "updated_at version"
).split()
MESSAGE = "id rule_id recipient occasion anchor_at".split()


def upgrade() -> None:
    op.create_table(
        "worker_beat",
        sa.Column("worker", sa.Text(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("beat_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("stopped_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("elected_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("threads", sa.Integer(), nullable=False),
        sa.Column("queue_depth", sa.Integer(), nullable=True),
        sa.PrimaryKeyConstraint("worker", name=op.f("pk_worker_beat")),
    )
    op.create_table(
        "job_run",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("job", sa.Text(), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("outcome", sa.String(length=40), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("times", sa.Integer(), nullable=False),
        sa.Column("first_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("worker", sa.Text(), nullable=False),
        sa.Column("by_hand", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("by_hand_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.CheckConstraint(
            "(ended_at IS NULL) = (outcome = 'running')", name=op.f("ck_job_run_ended_has_outcome")
        ),
        sa.CheckConstraint("times >= 1", name=op.f("ck_job_run_ran_once")),
        sa.ForeignKeyConstraint(["by_hand_id"], ["account.id"], name=op.f("fk_job_run_by_hand_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_job_run")),
    )
    op.create_index("ix_job_run_job_started_at", "job_run", ["job", "started_at"], unique=False)
    op.create_index("ix_job_run_outcome_started_at", "job_run", ["outcome", "started_at"], unique=False)
    op.create_table(
        "job_state",
        sa.Column("job", sa.Text(), nullable=False),
        sa.Column("paused_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("paused_by_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("wanted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("wanted_by_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("succeeded_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["paused_by_id"], ["account.id"], name=op.f("fk_job_state_paused_by_id")),
        sa.ForeignKeyConstraint(["wanted_by_id"], ["account.id"], name=op.f("fk_job_state_wanted_by_id")),
        sa.PrimaryKeyConstraint("job", name=op.f("pk_job_state")),
    )
    op.create_table(
        "hook",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("edition_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("guid", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("events", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column("secret_round", sa.Integer(), nullable=False),
        sa.Column("secret_changed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("read_up_to", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("paused_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("pause_reason", sa.String(length=40), nullable=True),
        sa.Column("failing_since", sa.DateTime(timezone=True), nullable=True),
        sa.Column("rest_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["created_by_id"], ["account.id"], name=op.f("fk_hook_created_by_id")),
        sa.ForeignKeyConstraint(["edition_id"], ["edition.id"], name=op.f("fk_hook_edition_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_hook")),
        sa.UniqueConstraint("guid", name=op.f("uq_hook_guid")),
    )
    op.create_index(op.f("ix_hook_edition_id"), "hook", ["edition_id"], unique=False)
    op.create_table(
        "operation",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("edition_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("arguments", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column("requested_by_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("done", sa.Integer(), nullable=False),
        sa.Column("total", sa.Integer(), nullable=True),
        sa.Column("cancel_wanted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("storage_key", sa.Text(), nullable=True),
        sa.Column("file_name", sa.Text(), nullable=True),
        sa.Column("media_type", sa.Text(), nullable=True),
        sa.Column("answer", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=True),
        sa.Column("carriage", sa.String(length=40), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("handed_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("leased_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("error", sa.Text(), nullable=True),
        sa.CheckConstraint("done >= 0", name=op.f("ck_operation_done_not_negative")),
        sa.CheckConstraint("total IS NULL OR total >= 0", name=op.f("ck_operation_total_not_negative")),
        sa.ForeignKeyConstraint(["edition_id"], ["edition.id"], name=op.f("fk_operation_edition_id")),
        sa.ForeignKeyConstraint(
            ["requested_by_id"], ["account.id"], name=op.f("fk_operation_requested_by_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_operation")),
        sa.UniqueConstraint("key", name=op.f("uq_operation_key")),
    )
    op.create_index(op.f("ix_operation_carriage"), "operation", ["carriage"], unique=False)
    op.create_index(
        "ix_operation_edition_id_created_at", "operation", ["edition_id", "created_at"], unique=False
    )
    op.create_index(op.f("ix_operation_requested_by_id"), "operation", ["requested_by_id"], unique=False)
    op.create_table(
        "own_wording",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("edition_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("locale", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["edition_id"], ["edition.id"], name=op.f("fk_own_wording_edition_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_own_wording")),
        sa.UniqueConstraint(
            "edition_id", "kind", "locale", name=op.f("uq_own_wording_edition_id_kind_locale")
        ),
    )
    op.create_table(
        "reminder_rule",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("edition_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("audience", sa.Text(), nullable=False),
        sa.Column("moment", sa.Text(), nullable=False),
        sa.Column("filters", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column("amount", sa.Integer(), nullable=False),
        sa.Column("unit", sa.String(length=40), nullable=False),
        sa.Column("direction", sa.String(length=40), nullable=False),
        sa.Column("at_time", sa.Time(), nullable=True),
        sa.Column("quiet_from", sa.Time(), nullable=True),
        sa.Column("quiet_until", sa.Time(), nullable=True),
        sa.Column("late_joiners", sa.String(length=40), nullable=False),
        sa.Column("channel", sa.String(length=40), nullable=False, server_default="mail"),
        sa.Column("locale", sa.Text(), nullable=True),
        sa.Column("subject", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=True),
        sa.Column("body", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=True),
        sa.Column("state", sa.String(length=40), nullable=False),
        sa.Column("on_since", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "state <> 'on' OR on_since IS NOT NULL", name=op.f("ck_reminder_rule_on_has_moment")
        ),
        sa.CheckConstraint(
            "(quiet_from IS NULL) = (quiet_until IS NULL)", name=op.f("ck_reminder_rule_quiet_is_whole")
        ),
        sa.CheckConstraint("amount >= 0", name=op.f("ck_reminder_rule_amount_not_negative")),
        sa.ForeignKeyConstraint(
            ["created_by_id"], ["account.id"], name=op.f("fk_reminder_rule_created_by_id")
        ),
        sa.ForeignKeyConstraint(["edition_id"], ["edition.id"], name=op.f("fk_reminder_rule_edition_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reminder_rule")),
    )
    op.create_index(
        "ix_reminder_rule_edition_id_state", "reminder_rule", ["edition_id", "state"], unique=False
    )
    op.create_table(
        "hook_delivery",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("hook_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("event_sequence", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("event", sa.Text(), nullable=False),
        sa.Column("webhook_id", sa.Text(), nullable=False),
        sa.Column("body", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("delivered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("status_code", sa.Integer(), nullable=True),
        sa.Column("response", sa.Text(), nullable=True),
        sa.Column("carriage", sa.String(length=40), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("handed_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("leased_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("error", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["hook_id"], ["hook.id"], name=op.f("fk_hook_delivery_hook_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_hook_delivery")),
        sa.UniqueConstraint(
            "hook_id", "event_sequence", name=op.f("uq_hook_delivery_hook_id_event_sequence")
        ),
        sa.UniqueConstraint("webhook_id", name=op.f("uq_hook_delivery_webhook_id")),
    )
    op.create_index(op.f("ix_hook_delivery_carriage"), "hook_delivery", ["carriage"], unique=False)
    op.create_index(
        "ix_hook_delivery_hook_id_created_at", "hook_delivery", ["hook_id", "created_at"], unique=False
    )
    op.create_table(
        "notice",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("edition_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("act", sa.String(length=40), nullable=False),
        sa.Column("scope", sa.String(length=40), nullable=False),
        sa.Column("site_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("session_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("reason", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=True),
        sa.Column("was_on", sa.Date(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("told_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("told", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["created_by_id"], ["account.id"], name=op.f("fk_notice_created_by_id")),
        sa.ForeignKeyConstraint(["edition_id"], ["edition.id"], name=op.f("fk_notice_edition_id")),
        sa.ForeignKeyConstraint(["session_id"], ["session.id"], name=op.f("fk_notice_session_id")),
        sa.ForeignKeyConstraint(["site_id"], ["site.id"], name=op.f("fk_notice_site_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notice")),
    )
    op.create_index(op.f("ix_notice_edition_id"), "notice", ["edition_id"], unique=False)
    op.create_index("ix_notice_told_at", "notice", ["told_at"], unique=False)
    op.create_table(
        "suppression",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("address_key", sa.Text(), nullable=False),
        sa.Column("edition_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("scope", sa.String(length=40), nullable=False),
        sa.Column("reason", sa.String(length=40), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("message_row_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("released_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["edition_id"], ["edition.id"], name=op.f("fk_suppression_edition_id")),
        sa.ForeignKeyConstraint(
            ["message_row_id"], ["message.id"], name=op.f("fk_suppression_message_row_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_suppression")),
    )
    op.create_index(
        "ix_suppression_edition_id_created_at", "suppression", ["edition_id", "created_at"], unique=False
    )
    op.create_index(
        "uq_suppression_in_force",
        "suppression",
        ["address_key", "scope"],
        unique=True,
        sqlite_where=sa.text("released_at IS NULL"),
        postgresql_where=sa.text("released_at IS NULL"),
    )
    op.create_table(
        "placement_change",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("edition_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("placement_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("was_starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("was_ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("was_room_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("was_cancelled", sa.Boolean(), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("notice_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.ForeignKeyConstraint(["edition_id"], ["edition.id"], name=op.f("fk_placement_change_edition_id")),
        sa.ForeignKeyConstraint(["notice_id"], ["notice.id"], name=op.f("fk_placement_change_notice_id")),
        sa.ForeignKeyConstraint(
            ["placement_id"], ["placement.id"], name=op.f("fk_placement_change_placement_id")
        ),
        sa.ForeignKeyConstraint(["was_room_id"], ["room.id"], name=op.f("fk_placement_change_was_room_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_placement_change")),
    )
    op.create_index(
        "ix_placement_change_edition_id_notice_id",
        "placement_change",
        ["edition_id", "notice_id"],
        unique=False,
    )
    op.create_index(
        "uq_placement_change_untold",
        "placement_change",
        ["placement_id"],
        unique=True,
        sqlite_where=sa.text("notice_id IS NULL"),
        postgresql_where=sa.text("notice_id IS NULL"),
    )
    op.add_column("certificate", sa.Column("fetched_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("edition", sa.Column("postponed_from", sa.Date(), nullable=True))
    op.add_column("edition", sa.Column("contact_email", sa.Text(), nullable=True))
    op.add_column("edition", sa.Column("cancelled_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column(
        "edition",
        sa.Column("change_reason", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=True),
    )
    with op.batch_alter_table("message") as batch:
        batch.add_column(sa.Column("channel", sa.String(length=40), nullable=False, server_default="mail"))
        batch.add_column(sa.Column("required", sa.Boolean(), nullable=False, server_default=sa.true()))
        batch.add_column(
            sa.Column("rule_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True)
        )
        batch.add_column(sa.Column("recipient", sa.Text(), nullable=True))
        batch.add_column(sa.Column("occasion", sa.Text(), nullable=True))
        batch.add_column(sa.Column("anchor_at", sa.DateTime(timezone=True), nullable=True))
        batch.add_column(sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True))
        batch.add_column(sa.Column("reply_to", sa.Text(), nullable=True))
        batch.add_column(sa.Column("bounced_at", sa.DateTime(timezone=True), nullable=True))
        batch.add_column(sa.Column("stays_off", sa.Boolean(), nullable=False, server_default=sa.false()))
        batch.drop_index(op.f("ix_message_edition_id"))
        batch.create_index("ix_message_edition_id_created_at", ["edition_id", "created_at"], unique=False)
        batch.drop_index(op.f("ix_message_carriage"))
        batch.create_index("ix_message_carriage_required_id", ["carriage", "required", "id"], unique=False)
        batch.create_index(
            "ix_message_rule_id_carriage",
            ["rule_id", "carriage"],
            unique=False,
            sqlite_where=sa.text("rule_id IS NOT NULL"),
            postgresql_where=sa.text("rule_id IS NOT NULL"),
        )
        batch.create_unique_constraint(
            "uq_message_occurrence", ["recipient", "occasion", "anchor_at", "rule_id"]
        )
        batch.create_check_constraint(
            op.f("ck_message_rule_has_occurrence"),
            "rule_id IS NULL OR (recipient IS NOT NULL AND occasion IS NOT NULL AND anchor_at IS NOT NULL)",
        )
        batch.create_check_constraint(
            op.f("ck_message_bounced_has_time"), "(bounced_at IS NULL) = (carriage <> 'bounced')"
        )
        batch.create_foreign_key(op.f("fk_message_rule_id"), "reminder_rule", ["rule_id"], ["id"])
    op.add_column("person", sa.Column("email", sa.Text(), nullable=True))
    op.add_column("person", sa.Column("locale", sa.Text(), server_default="vi", nullable=False))
    op.add_column("registration", sa.Column("placed_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("registration", sa.Column("phone", sa.Text(), nullable=True))
    op.add_column(
        "registration", sa.Column("calendar_sequence", sa.Integer(), server_default="0", nullable=False)
    )
    op.add_column("site", sa.Column("cancelled_at", sa.DateTime(timezone=True), nullable=True))

    _keep_the_day_before()


def _keep_the_day_before() -> None:
    """Let every edition go on reminding a day before: by a rule that is on, and knows who was told."""
    now = datetime.now(UTC)
    connection = op.get_bind()
    rule, message = (
        sa.table("reminder_rule", *map(sa.column, RULE)),
        sa.table("message", *map(sa.column, MESSAGE)),
    )
    for (edition_id,) in connection.execute(sa.text("SELECT id FROM edition ORDER BY id")).all():
        rule_id = connection.execute(
            sa.insert(rule)
            .values(
                edition_id=edition_id,
                name="Nhắc trước một ngày",
                audience="registrants",
                moment="first_session",
                filters=sa.literal({}, JSON),
                amount=24,
                unit="hours",
                direction="before",
                late_joiners="skip",
                channel="mail",
                state="on",
                on_since=sa.literal(now - timedelta(days=1), sa.DateTime(timezone=True)),
                created_at=sa.literal(now, sa.DateTime(timezone=True)),
                updated_at=sa.literal(now, sa.DateTime(timezone=True)),
                version=1,
            )
            .returning(rule.c.id)
        ).scalar_one()
        told = connection.execute(
            sa.text(
                "SELECT m.id, m.key, r.id, p.site_id FROM message m "
                "JOIN registration r ON m.key LIKE 'registration-reminder:' || r.id || ':%' "
                "JOIN seat_pool p ON p.id = r.pool_id WHERE m.edition_id = :edition_id"
            ),
            {"edition_id": edition_id},
        ).all()
        for message_id, key, registration_id, site_id in told:
            begins = datetime.fromtimestamp(int(key.rpartition(":")[2]), UTC)
            connection.execute(
                sa.update(message)
                .where(message.c.id == message_id)
                .values(
                    rule_id=rule_id,
                    recipient=f"registration:{registration_id}",
                    occasion=f"site:{site_id}",
                    anchor_at=sa.literal(begins, sa.DateTime(timezone=True)),
                )
            )
    op.execute("UPDATE message SET kind = 'reminder_registrants' WHERE kind = 'registration_reminder'")


def downgrade() -> None:
    op.drop_column("site", "cancelled_at")
    op.drop_column("registration", "calendar_sequence")
    op.drop_column("registration", "phone")
    op.drop_column("registration", "placed_at")
    op.drop_column("person", "locale")
    op.drop_column("person", "email")
    op.drop_index(
        "uq_suppression_in_force",
        table_name="suppression",
        sqlite_where=sa.text("released_at IS NULL"),
        postgresql_where=sa.text("released_at IS NULL"),
    )
    op.drop_index("ix_suppression_edition_id_created_at", table_name="suppression")
    op.drop_table("suppression")
    # The tables of before know fewer states and kinds.
    op.execute("UPDATE message SET kind = 'registration_reminder' WHERE kind LIKE 'reminder%'")
    op.execute("UPDATE message SET carriage = 'done', bounced_at = NULL WHERE carriage = 'bounced'")
    op.execute("UPDATE message SET carriage = 'failed' WHERE carriage IN ('withheld', 'cancelled')")
    with op.batch_alter_table("message") as batch:
        batch.drop_constraint(op.f("ck_message_bounced_has_time"), type_="check")
        batch.drop_constraint(op.f("ck_message_rule_has_occurrence"), type_="check")
        batch.drop_constraint(op.f("fk_message_rule_id"), type_="foreignkey")
        batch.drop_constraint("uq_message_occurrence", type_="unique")
        batch.drop_index(
            "ix_message_rule_id_carriage",
            sqlite_where=sa.text("rule_id IS NOT NULL"),
            postgresql_where=sa.text("rule_id IS NOT NULL"),
        )
        batch.drop_index("ix_message_carriage_required_id")
        batch.create_index(op.f("ix_message_carriage"), ["carriage"], unique=False)
        batch.drop_index("ix_message_edition_id_created_at")
        batch.create_index(op.f("ix_message_edition_id"), ["edition_id"], unique=False)
        batch.drop_column("stays_off")
        batch.drop_column("bounced_at")
        batch.drop_column("reply_to")
        batch.drop_column("expires_at")
        batch.drop_column("anchor_at")
        batch.drop_column("occasion")
        batch.drop_column("recipient")
        batch.drop_column("rule_id")
        batch.drop_column("required")
        batch.drop_column("channel")
    op.drop_column("edition", "change_reason")
    op.drop_column("edition", "contact_email")
    op.drop_column("edition", "cancelled_at")
    op.drop_column("edition", "postponed_from")
    op.drop_column("certificate", "fetched_at")
    op.drop_index(
        "uq_placement_change_untold",
        table_name="placement_change",
        sqlite_where=sa.text("notice_id IS NULL"),
        postgresql_where=sa.text("notice_id IS NULL"),
    )
    op.drop_index("ix_placement_change_edition_id_notice_id", table_name="placement_change")
    op.drop_table("placement_change")
    op.drop_index("ix_notice_told_at", table_name="notice")
    op.drop_index(op.f("ix_notice_edition_id"), table_name="notice")
    op.drop_table("notice")
    op.drop_index("ix_hook_delivery_hook_id_created_at", table_name="hook_delivery")
    op.drop_index(op.f("ix_hook_delivery_carriage"), table_name="hook_delivery")
    op.drop_table("hook_delivery")
    op.drop_index("ix_reminder_rule_edition_id_state", table_name="reminder_rule")
    op.drop_table("reminder_rule")
    op.drop_table("own_wording")
    op.drop_index(op.f("ix_operation_requested_by_id"), table_name="operation")
    op.drop_index("ix_operation_edition_id_created_at", table_name="operation")
    op.drop_index(op.f("ix_operation_carriage"), table_name="operation")
    op.drop_table("operation")
    op.drop_index(op.f("ix_hook_edition_id"), table_name="hook")
    op.drop_table("hook")
    op.drop_table("job_state")
    op.drop_index("ix_job_run_outcome_started_at", table_name="job_run")
    op.drop_index("ix_job_run_job_started_at", table_name="job_run")
    op.drop_table("job_run")
    op.drop_table("worker_beat")
