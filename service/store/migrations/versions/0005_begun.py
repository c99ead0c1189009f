"""Who was being evaluated when a worker died: counted to that patient, not to the whole batch.

Revision ID: 0005
Revises: 0004
"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("due", sa.Column("begun", sa.Integer(), nullable=False, server_default="0"))
    op.add_column(
        "due", sa.Column("suspect", sa.Boolean(), nullable=False, server_default=sa.false())
    )
    at_work = sa.text("begun > 0")
    op.create_index(
        "due_begun", "due", ["leased_until"], sqlite_where=at_work, postgresql_where=at_work
    )


def downgrade() -> None:
    op.drop_index("due_begun", "due")
    for name in ("suspect", "begun"):
        op.drop_column("due", name)
