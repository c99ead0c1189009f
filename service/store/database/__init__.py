"""Tables, connections, transactions and migrations: what the rest of the store stands on."""
