"""Cards tell what they were about, whom they were for, and whether they were shown (ALR-10).

Revision ID: 0004
Revises: 0003
"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for name, length in (("subject", 512), ("clinician", 256)):
        op.add_column(
            "cards", sa.Column(name, sa.String(length=length), nullable=False, server_default="")
        )
    op.add_column(
        "cards", sa.Column("shown", sa.Boolean(), nullable=False, server_default=sa.true())
    )


def downgrade() -> None:
    for name in ("shown", "clinician", "subject"):
        op.drop_column("cards", name)
