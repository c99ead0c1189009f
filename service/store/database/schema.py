"""The tables. One row of `resources` is one FHIR resource with the facts read from it.

Migrations write the same tables; a test compares the two on both databases.
"""

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
    false,
    text,
    true,
)

from service.store.database.columns import Instant, Serial

metadata = MetaData()

resources = Table(
    "resources",
    metadata,
    Column("tenant", String(64), primary_key=True),
    Column("resource_type", String(64), primary_key=True),
    Column("resource_id", String(256), primary_key=True),
    Column("patient", String(256), nullable=False),  # "" for a Medication
    Column("version", String(128)),
    Column("version_number", BigInteger),  # None when the version is not a number
    Column("last_updated", Instant),
    Column("received_at", Instant, nullable=False),
    Column("revision", BigInteger, nullable=False),  # guards the upsert against a second writer
    Column("digest", String(128), nullable=False),
    Column("retracted", Boolean, nullable=False),
    Column("preliminary", Boolean, nullable=False),
    Column("keep", String(16), nullable=False),  # kind of retention
    Column("effective_from", Instant),
    Column("effective_until", Instant),  # None: no end is known, never too old
    Column("awaits", String(256)),  # id of the Medication whose name is not known yet
    Column("identity", Text),
    Column("facts", Text, nullable=False),
    Index("resources_patient", "tenant", "patient", "effective_from"),
    Index(
        "resources_awaits",
        "tenant",
        "awaits",
        sqlite_where=text("awaits IS NOT NULL"),
        postgresql_where=text("awaits IS NOT NULL"),
    ),
    Index("resources_age", "keep", "effective_until"),
)

due = Table(
    "due",
    metadata,
    Column("tenant", String(64), primary_key=True),
    Column("patient", String(256), primary_key=True),
    Column("revision", BigInteger, nullable=False),
    Column("due_at", Instant),  # None: nothing to wait for, or quarantined
    Column("reasons", Text, nullable=False),
    Column("tries", Integer, nullable=False),
    Column("correlation", String(128), nullable=False),
    Column("lease", BigInteger),  # the revision that was handed to a worker
    Column("leased_until", Instant),
    Column("worker", String(128), nullable=False),
    Column("quarantined_at", Instant),
    Column("code", String(128), nullable=False),
    # how many patients the lease's holder was evaluating when it began with this one; 0: not begun
    Column("begun", Integer, nullable=False, server_default="0"),
    Column("suspect", Boolean, nullable=False, server_default=false()),  # a worker died over it
    Column("rules", String(128), nullable=False, server_default=""),  # judged by these last
    Index(
        "due_begun",
        "leased_until",
        sqlite_where=text("begun > 0"),
        postgresql_where=text("begun > 0"),
    ),
    Index(
        "due_at",
        "due_at",
        sqlite_where=text("due_at IS NOT NULL"),
        postgresql_where=text("due_at IS NOT NULL"),
    ),
)

promises = Table(
    "promises",
    metadata,
    Column("tenant", String(64), primary_key=True),
    Column("patient", String(256), primary_key=True),
    Column("at", Instant, primary_key=True),
    Column("reason", String(64), primary_key=True),
)

assessments = Table(
    "assessments",
    metadata,
    Column("tenant", String(64), primary_key=True),
    Column("patient", String(256), primary_key=True),
    Column("at", Instant, nullable=False),
    Column("digest", String(64), nullable=False),  # of all but the clock
    Column("assessment", Text, nullable=False),
)

alerts = Table(
    "alerts",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("tenant", String(64), nullable=False),
    Column("patient", String(256), nullable=False),
    Column("kind", String(16), nullable=False),
    Column("subject", String(512), nullable=False),
    Column("version", BigInteger, nullable=False),
    Column("is_open", Boolean, nullable=False),  # the machine has not ended it
    Column("opened_at", Instant, nullable=False),
    Column("changed_at", Instant, nullable=False),
    Column("machine", Text, nullable=False),
    Column("human", Text, nullable=False),
    UniqueConstraint("tenant", "patient", "kind", "subject", name="alerts_identity"),
    Index("alerts_open", "tenant", "is_open"),
)

history = Table(
    "history",
    metadata,
    Column("seq", Serial, primary_key=True, autoincrement=True),
    Column("tenant", String(64), nullable=False),
    Column("patient", String(256), nullable=False),
    Column("alert", String(64), ForeignKey("alerts.id"), nullable=False),
    Column("at", Instant, nullable=False),
    Column("what", String(64), nullable=False),
    Column("who", String(256), nullable=False),
    Column("why", String(64), nullable=False),
    Column("detail", Text, nullable=False),
    Column("correlation", String(128), nullable=False),
    Index("history_alert", "alert", "seq"),
    Index("history_patient", "tenant", "patient", "seq"),
    sqlite_autoincrement=True,
)

changes = Table(
    "changes",
    metadata,
    Column("seq", Serial, primary_key=True, autoincrement=True),
    Column("tenant", String(64), nullable=False),
    Column("alert", String(64), nullable=False),
    Column("at", Instant, nullable=False),
    Index("changes_tenant", "tenant", "seq"),
    sqlite_autoincrement=True,
)

notices = Table(
    "notices",
    metadata,
    Column("id", Serial, primary_key=True, autoincrement=True),
    Column("tenant", String(64), nullable=False),
    Column("patient", String(256), nullable=False),
    Column("alert", String(64), ForeignKey("alerts.id"), nullable=False),
    Column("audience", String(64), nullable=False),
    Column("number", Integer, nullable=False),
    Column("channel", String(64), nullable=False),
    Column("why", String(64), nullable=False),
    Column("at", Instant, nullable=False),
    Column("state", String(16), nullable=False),  # pending, sent, dead
    Column("next_at", Instant),
    Column("lease", BigInteger, nullable=False),
    Column("tries", Integer, nullable=False),
    Column("code", String(128), nullable=False),
    Column("sent_at", Instant),
    Column("receipt", String(512), nullable=False),
    Column("correlation", String(128), nullable=False),
    UniqueConstraint("alert", "audience", "number", name="notices_identity"),
    Index("notices_next", "state", "next_at"),
    sqlite_autoincrement=True,
)

intake = Table(
    "intake",
    metadata,
    Column("id", Serial, primary_key=True, autoincrement=True),
    Column("tenant", String(64), nullable=False),
    Column("received_at", Instant, nullable=False),
    Column("correlation", String(128), nullable=False),
    Column("bundles", BigInteger, nullable=False),  # more than one when rolled up
    Column("received", BigInteger, nullable=False),
    Column("accepted", BigInteger, nullable=False),
    Column("superseded", BigInteger, nullable=False),
    Column("duplicate", BigInteger, nullable=False),
    Column("ignored", BigInteger, nullable=False),
    Column("refused", BigInteger, nullable=False),
    CheckConstraint(
        "received = accepted + superseded + duplicate + ignored + refused", name="intake_sum"
    ),
    Index("intake_time", "tenant", "received_at"),
    sqlite_autoincrement=True,
)

used_keys = Table(
    "used_keys",
    metadata,
    Column("kind", String(32), primary_key=True),
    Column("key", String(512), primary_key=True),
    Column("expires", Instant, nullable=False),
    Index("used_keys_expires", "expires"),
)

cards = Table(
    "cards",
    metadata,
    Column("tenant", String(64), primary_key=True),
    Column("uuid", String(128), primary_key=True),
    Column("patient", String(256), nullable=False),
    Column("service", String(128), nullable=False),
    Column("hook", String(64), nullable=False),
    Column("hook_instance", String(128), nullable=False),
    Column("rule", String(128), nullable=False),
    Column("rule_version", String(64), nullable=False),
    Column("tier", String(64), nullable=False),
    Column("indicator", String(16), nullable=False),
    Column("suggestions", Text, nullable=False),
    Column("at", Instant, nullable=False),
    Column("subject", String(512), nullable=False, server_default=""),  # "RULE:drug+drug"
    Column("clinician", String(256), nullable=False, server_default=""),
    Column("shown", Boolean, nullable=False, server_default=true()),  # False in silent mode
    Index("cards_patient", "tenant", "patient", "at"),
    Index("cards_time", "at"),
)

feedback = Table(
    "feedback",
    metadata,
    Column("tenant", String(64), primary_key=True),
    Column("card", String(128), primary_key=True),
    Column("outcome", String(16), primary_key=True),
    Column("at", Instant, primary_key=True),  # told by the client
    Column("service", String(128), nullable=False),
    Column("received_at", Instant, nullable=False),
    Column("accepted", Text, nullable=False),
    Column("reason_code", String(128), nullable=False),
    Column("reason_system", String(256), nullable=False),
    Column("comment", Text, nullable=False),
)

audit = Table(
    "audit",
    metadata,
    Column("tenant", String(64), primary_key=True),
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    Column("at", Instant, nullable=False),
    Column("who", String(256), nullable=False),
    Column("role", String(64), nullable=False),
    Column("action", String(64), nullable=False),
    Column("patient", String(256), nullable=False),
    Column("subject", String(256), nullable=False),
    Column("outcome", String(64), nullable=False),
    Column("why", String(256), nullable=False),
    Column("correlation", String(128), nullable=False),
    Column("detail", Text, nullable=False),
    Column("hash", String(64), nullable=False),
    Index("audit_patient", "tenant", "patient", "seq"),
)

audit_chain = Table(
    "audit_chain",
    metadata,
    Column("tenant", String(64), primary_key=True),
    Column("seq", BigInteger, nullable=False),
    Column("hash", String(64), nullable=False),
    Column("pruned_to", BigInteger, nullable=False),
    Column("pruned_hash", String(64), nullable=False),
)

subscriptions = Table(
    "subscriptions",
    metadata,
    Column("tenant", String(64), primary_key=True),
    Column("subscription", String(256), primary_key=True),
    Column("last_event", BigInteger, nullable=False),
    Column("heard_at", Instant, nullable=False),
    Column("event_at", Instant),
    Column("missing", Text, nullable=False),  # JSON list of [first, last]
    Column("restarts", Integer, nullable=False),
)

saved_filters = Table(
    "saved_filters",
    metadata,
    Column("tenant", String(64), primary_key=True),
    Column("user", String(256), primary_key=True),
    Column("name", String(64), primary_key=True),
    Column("query", String(1024), nullable=False),
    Column("at", Instant, nullable=False),
)

# what the running service goes by, told by whoever started last
in_force = Table(
    "in_force",
    metadata,
    Column("name", String(64), primary_key=True),
    Column("value", String(256), nullable=False),
    Column("at", Instant, nullable=False),
)

# who has signed in: for these an alert can be handed over to without a doubt about the name
people = Table(
    "people",
    metadata,
    Column("tenant", String(64), primary_key=True),
    Column("name", String(256), primary_key=True),
    Column("wards", Text, nullable=False),  # JSON list; empty: all
    Column("at", Instant, nullable=False),
)

# what a user last saw of an alert: the revision of the row, and what the assessment then said
seen = Table(
    "seen",
    metadata,
    Column("tenant", String(64), primary_key=True),
    Column("user", String(256), primary_key=True),
    Column("alert", String(64), primary_key=True),
    Column("at", Instant, nullable=False),
    Column("revision", String(64), nullable=False),
    Column("said", Text, nullable=False),
)

# the plan as a checklist: a row for every tick and every tick taken back, never changed
ticks = Table(
    "ticks",
    metadata,
    Column("seq", Serial, primary_key=True, autoincrement=True),
    Column("tenant", String(64), nullable=False),
    Column("patient", String(256), nullable=False),
    Column("item", String(128), nullable=False),
    Column("done", Boolean, nullable=False),
    Column("who", String(256), nullable=False),
    Column("at", Instant, nullable=False),
    Index("ticks_patient", "tenant", "patient", "seq"),
    sqlite_autoincrement=True,
)
