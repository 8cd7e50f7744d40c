"""Our accounts at vendors: their credentials, budgets, health, and the last calls."""
