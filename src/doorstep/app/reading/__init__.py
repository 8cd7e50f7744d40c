"""The inbox is read: bytes become facts, facts the ledger; and read again when a reader has learnt something."""
