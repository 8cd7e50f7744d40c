"""A dispute pack: everything about one order, for a bank or a marketplace."""
