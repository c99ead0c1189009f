"""Facts, due list, alerts with history and outbox, intake, cards and feedback.

Revision ID: 0001
Revises:
"""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

# SQLite counts up by itself only on a column that is INTEGER exactly
SERIAL = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
TABLES = (
    "resources",
    "due",
    "promises",
    "assessments",
    "alerts",
    "history",
    "changes",
    "notices",
    "intake",
    "used_keys",
    "cards",
    "feedback",
)


def upgrade() -> None:
    _resources()
    _due()
    _promises()
    _assessments()
    _alerts()
    _history()
    _changes()
    _notices()
    _intake()
    _used_keys()
    _cards()
    _feedback()


def downgrade() -> None:
    for table in reversed(TABLES):
        op.drop_table(table)


def _resources() -> None:
    op.create_table(
        "resources",
        sa.Column("tenant", sa.String(length=64), nullable=False),
        sa.Column("resource_type", sa.String(length=64), nullable=False),
        sa.Column("resource_id", sa.String(length=256), nullable=False),
        sa.Column("patient", sa.String(length=256), nullable=False),
        sa.Column("version", sa.String(length=128), nullable=True),
        sa.Column("version_number", sa.BigInteger(), nullable=True),
        sa.Column("last_updated", sa.BigInteger(), nullable=True),
        sa.Column("received_at", sa.BigInteger(), nullable=False),
        sa.Column("revision", sa.BigInteger(), nullable=False),
        sa.Column("digest", sa.String(length=128), nullable=False),
        sa.Column("retracted", sa.Boolean(), nullable=False),
        sa.Column("preliminary", sa.Boolean(), nullable=False),
        sa.Column("keep", sa.String(length=16), nullable=False),
        sa.Column("effective_from", sa.BigInteger(), nullable=True),
        sa.Column("effective_until", sa.BigInteger(), nullable=True),
        sa.Column("awaits", sa.String(length=256), nullable=True),
        sa.Column("identity", sa.Text(), nullable=True),
        sa.Column("facts", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "resource_type", "resource_id"),
    )
    op.create_index("resources_age", "resources", ["keep", "effective_until"], unique=False)
    op.create_index(
        "resources_awaits",
        "resources",
        ["tenant", "awaits"],
        unique=False,
        sqlite_where=sa.text("awaits IS NOT NULL"),
        postgresql_where=sa.text("awaits IS NOT NULL"),
    )
    op.create_index(
        "resources_patient", "resources", ["tenant", "patient", "effective_from"], unique=False
    )


def _due() -> None:
    op.create_table(
        "due",
        sa.Column("tenant", sa.String(length=64), nullable=False),
        sa.Column("patient", sa.String(length=256), nullable=False),
        sa.Column("revision", sa.BigInteger(), nullable=False),
        sa.Column("due_at", sa.BigInteger(), nullable=True),
        sa.Column("reasons", sa.Text(), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("correlation", sa.String(length=128), nullable=False),
        sa.Column("lease", sa.BigInteger(), nullable=True),
        sa.Column("leased_until", sa.BigInteger(), nullable=True),
        sa.Column("worker", sa.String(length=128), nullable=False),
        sa.Column("quarantined_at", sa.BigInteger(), nullable=True),
        sa.Column("code", sa.String(length=128), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "patient"),
    )
    op.create_index(
        "due_at",
        "due",
        ["due_at"],
        unique=False,
        sqlite_where=sa.text("due_at IS NOT NULL"),
        postgresql_where=sa.text("due_at IS NOT NULL"),
    )


def _promises() -> None:
    op.create_table(
        "promises",
        sa.Column("tenant", sa.String(length=64), nullable=False),
        sa.Column("patient", sa.String(length=256), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "patient", "at", "reason"),
    )


def _assessments() -> None:
    op.create_table(
        "assessments",
        sa.Column("tenant", sa.String(length=64), nullable=False),
        sa.Column("patient", sa.String(length=256), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("assessment", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "patient"),
    )


def _alerts() -> None:
    op.create_table(
        "alerts",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("tenant", sa.String(length=64), nullable=False),
        sa.Column("patient", sa.String(length=256), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("subject", sa.String(length=512), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("is_open", sa.Boolean(), nullable=False),
        sa.Column("opened_at", sa.BigInteger(), nullable=False),
        sa.Column("changed_at", sa.BigInteger(), nullable=False),
        sa.Column("machine", sa.Text(), nullable=False),
        sa.Column("human", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("tenant", "patient", "kind", "subject", name="alerts_identity"),
    )
    op.create_index("alerts_open", "alerts", ["tenant", "is_open"], unique=False)


def _history() -> None:
    op.create_table(
        "history",
        sa.Column("seq", SERIAL, autoincrement=True, nullable=False),
        sa.Column("tenant", sa.String(length=64), nullable=False),
        sa.Column("patient", sa.String(length=256), nullable=False),
        sa.Column("alert", sa.String(length=64), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("what", sa.String(length=64), nullable=False),
        sa.Column("who", sa.String(length=256), nullable=False),
        sa.Column("why", sa.String(length=64), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.Column("correlation", sa.String(length=128), nullable=False),
        sa.ForeignKeyConstraint(
            ["alert"],
            ["alerts.id"],
        ),
        sa.PrimaryKeyConstraint("seq"),
        sqlite_autoincrement=True,
    )
    op.create_index("history_alert", "history", ["alert", "seq"], unique=False)
    op.create_index("history_patient", "history", ["tenant", "patient", "seq"], unique=False)


def _changes() -> None:
    op.create_table(
        "changes",
        sa.Column("seq", SERIAL, autoincrement=True, nullable=False),
        sa.Column("tenant", sa.String(length=64), nullable=False),
        sa.Column("alert", sa.String(length=64), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("seq"),
        sqlite_autoincrement=True,
    )
    op.create_index("changes_tenant", "changes", ["tenant", "seq"], unique=False)


def _notices() -> None:
    op.create_table(
        "notices",
        sa.Column("id", SERIAL, autoincrement=True, nullable=False),
        sa.Column("tenant", sa.String(length=64), nullable=False),
        sa.Column("patient", sa.String(length=256), nullable=False),
        sa.Column("alert", sa.String(length=64), nullable=False),
        sa.Column("audience", sa.String(length=64), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("channel", sa.String(length=64), nullable=False),
        sa.Column("why", sa.String(length=64), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("next_at", sa.BigInteger(), nullable=True),
        sa.Column("lease", sa.BigInteger(), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("code", sa.String(length=128), nullable=False),
        sa.Column("sent_at", sa.BigInteger(), nullable=True),
        sa.Column("receipt", sa.String(length=512), nullable=False),
        sa.Column("correlation", sa.String(length=128), nullable=False),
        sa.ForeignKeyConstraint(
            ["alert"],
            ["alerts.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("alert", "audience", "number", name="notices_identity"),
        sqlite_autoincrement=True,
    )
    op.create_index("notices_next", "notices", ["state", "next_at"], unique=False)


def _intake() -> None:
    op.create_table(
        "intake",
        sa.Column("id", SERIAL, autoincrement=True, nullable=False),
        sa.Column("tenant", sa.String(length=64), nullable=False),
        sa.Column("received_at", sa.BigInteger(), nullable=False),
        sa.Column("correlation", sa.String(length=128), nullable=False),
        sa.Column("bundles", sa.BigInteger(), nullable=False),
        sa.Column("received", sa.BigInteger(), nullable=False),
        sa.Column("accepted", sa.BigInteger(), nullable=False),
        sa.Column("superseded", sa.BigInteger(), nullable=False),
        sa.Column("duplicate", sa.BigInteger(), nullable=False),
        sa.Column("ignored", sa.BigInteger(), nullable=False),
        sa.Column("refused", sa.BigInteger(), nullable=False),
        sa.CheckConstraint(
            "received = accepted + superseded + duplicate + ignored + refused", name="intake_sum"
        ),
        sa.PrimaryKeyConstraint("id"),
        sqlite_autoincrement=True,
    )
    op.create_index("intake_time", "intake", ["tenant", "received_at"], unique=False)


def _used_keys() -> None:
    op.create_table(
        "used_keys",
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("key", sa.String(length=512), nullable=False),
        sa.Column("expires", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("kind", "key"),
    )
    op.create_index("used_keys_expires", "used_keys", ["expires"], unique=False)


def _cards() -> None:
    op.create_table(
        "cards",
        sa.Column("tenant", sa.String(length=64), nullable=False),
        sa.Column("uuid", sa.String(length=128), nullable=False),
        sa.Column("patient", sa.String(length=256), nullable=False),
        sa.Column("service", sa.String(length=128), nullable=False),
        sa.Column("hook", sa.String(length=64), nullable=False),
        sa.Column("hook_instance", sa.String(length=128), nullable=False),
        sa.Column("rule", sa.String(length=128), nullable=False),
        sa.Column("rule_version", sa.String(length=64), nullable=False),
        sa.Column("tier", sa.String(length=64), nullable=False),
        sa.Column("indicator", sa.String(length=16), nullable=False),
        sa.Column("suggestions", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "uuid"),
    )
    op.create_index("cards_patient", "cards", ["tenant", "patient", "at"], unique=False)
    op.create_index("cards_time", "cards", ["at"], unique=False)


def _feedback() -> None:
    op.create_table(
        "feedback",
        sa.Column("tenant", sa.String(length=64), nullable=False),
        sa.Column("card", sa.String(length=128), nullable=False),
        sa.Column("outcome", sa.String(length=16), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("service", sa.String(length=128), nullable=False),
        sa.Column("received_at", sa.BigInteger(), nullable=False),
        sa.Column("accepted", sa.Text(), nullable=False),
        sa.Column("reason_code", sa.String(length=128), nullable=False),
        sa.Column("reason_system", sa.String(length=256), nullable=False),
        sa.Column("comment", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "card", "outcome", "at"),
    )
