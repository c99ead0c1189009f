"""The trace of an assessment: what each of its findings and rules read."""

from alerts.ledger import Account

# an account of which the reading is over
Step = Account
