"""The processes: what runs in them, what wakes them, how they end."""
