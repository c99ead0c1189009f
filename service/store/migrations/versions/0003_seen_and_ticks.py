"""What a user last saw of an alert; the ticks of a patient's plan, which cannot be rewritten.

Revision ID: 0003
Revises: 0002
"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "seen",
        sa.Column("tenant", sa.String(length=64), nullable=False),
        sa.Column("user", sa.String(length=256), nullable=False),
        sa.Column("alert", sa.String(length=64), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("revision", sa.String(length=64), nullable=False),
        sa.Column("said", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "user", "alert"),
    )
    serial = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.create_table(
        "ticks",
        sa.Column("seq", serial, autoincrement=True, nullable=False),
        sa.Column("tenant", sa.String(length=64), nullable=False),
        sa.Column("patient", sa.String(length=256), nullable=False),
        sa.Column("item", sa.String(length=128), nullable=False),
        sa.Column("done", sa.Boolean(), nullable=False),
        sa.Column("who", sa.String(length=256), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("seq"),
        sqlite_autoincrement=True,
    )
    op.create_index("ticks_patient", "ticks", ["tenant", "patient", "seq"], unique=False)
    if op.get_context().dialect.name == "sqlite":
        op.execute(
            "CREATE TRIGGER ticks_no_update BEFORE UPDATE ON ticks "
            "BEGIN SELECT RAISE(ABORT, 'append only'); END"
        )
    else:
        op.execute(
            "CREATE TRIGGER ticks_no_update BEFORE UPDATE ON ticks "
            "FOR EACH ROW EXECUTE FUNCTION nms_append_only()"
        )


def downgrade() -> None:
    for table in ("ticks", "seen"):
        op.drop_table(table)
