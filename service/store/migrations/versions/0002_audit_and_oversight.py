"""Audit with its chain, subscriptions, saved filters; history and audit cannot be rewritten.

Revision ID: 0002
Revises: 0001
"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

TABLES = ("audit", "audit_chain", "subscriptions", "saved_filters")


def upgrade() -> None:
    _audit()
    _audit_chain()
    _subscriptions()
    _saved_filters()
    if op.get_context().dialect.name == "sqlite":
        _guards_of_sqlite()
    else:
        _guards_of_postgresql()


def downgrade() -> None:
    if op.get_context().dialect.name == "sqlite":
        op.execute("DROP TRIGGER history_no_update")
    else:
        op.execute("DROP TRIGGER history_no_update ON history")
    for table in reversed(TABLES):
        op.drop_table(table)
    if op.get_context().dialect.name != "sqlite":
        op.execute("DROP FUNCTION nms_append_only()")
        op.execute("DROP FUNCTION nms_audit_delete()")


def _guards_of_sqlite() -> None:
    """No row is changed; a row of the audit goes only after the chain says that it is pruned."""
    for table in ("history", "audit"):
        op.execute(
            f"CREATE TRIGGER {table}_no_update BEFORE UPDATE ON {table} "
            "BEGIN SELECT RAISE(ABORT, 'append only'); END"
        )
    op.execute(
        "CREATE TRIGGER audit_no_delete BEFORE DELETE ON audit "
        "WHEN OLD.seq > COALESCE("
        "(SELECT pruned_to FROM audit_chain WHERE tenant = OLD.tenant), 0) "
        "BEGIN SELECT RAISE(ABORT, 'append only'); END"
    )


def _guards_of_postgresql() -> None:
    """The same for PostgreSQL."""
    op.execute(
        "CREATE FUNCTION nms_append_only() RETURNS trigger LANGUAGE plpgsql AS $$ "
        "BEGIN RAISE EXCEPTION 'append only'; END $$"
    )
    op.execute(
        "CREATE FUNCTION nms_audit_delete() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        "IF OLD.seq > COALESCE((SELECT pruned_to FROM audit_chain WHERE tenant = OLD.tenant), 0) "
        "THEN RAISE EXCEPTION 'append only'; END IF; RETURN OLD; END $$"
    )
    for table in ("history", "audit"):
        op.execute(
            f"CREATE TRIGGER {table}_no_update BEFORE UPDATE ON {table} "
            "FOR EACH ROW EXECUTE FUNCTION nms_append_only()"
        )
    op.execute(
        "CREATE TRIGGER audit_no_delete BEFORE DELETE ON audit "
        "FOR EACH ROW EXECUTE FUNCTION nms_audit_delete()"
    )


def _audit() -> None:
    op.create_table(
        "audit",
        sa.Column("tenant", sa.String(length=64), nullable=False),
        sa.Column("seq", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("who", sa.String(length=256), nullable=False),
        sa.Column("role", sa.String(length=64), nullable=False),
        sa.Column("action", sa.String(length=64), nullable=False),
        sa.Column("patient", sa.String(length=256), nullable=False),
        sa.Column("subject", sa.String(length=256), nullable=False),
        sa.Column("outcome", sa.String(length=64), nullable=False),
        sa.Column("why", sa.String(length=256), nullable=False),
        sa.Column("correlation", sa.String(length=128), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "seq"),
    )
    op.create_index("audit_patient", "audit", ["tenant", "patient", "seq"], unique=False)


def _audit_chain() -> None:
    op.create_table(
        "audit_chain",
        sa.Column("tenant", sa.String(length=64), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.Column("pruned_to", sa.BigInteger(), nullable=False),
        sa.Column("pruned_hash", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("tenant"),
    )


def _subscriptions() -> None:
    op.create_table(
        "subscriptions",
        sa.Column("tenant", sa.String(length=64), nullable=False),
        sa.Column("subscription", sa.String(length=256), nullable=False),
        sa.Column("last_event", sa.BigInteger(), nullable=False),
        sa.Column("heard_at", sa.BigInteger(), nullable=False),
        sa.Column("event_at", sa.BigInteger(), nullable=True),
        sa.Column("missing", sa.Text(), nullable=False),
        sa.Column("restarts", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "subscription"),
    )


def _saved_filters() -> None:
    op.create_table(
        "saved_filters",
        sa.Column("tenant", sa.String(length=64), nullable=False),
        sa.Column("user", sa.String(length=256), nullable=False),
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("query", sa.String(length=1024), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "user", "name"),
    )
