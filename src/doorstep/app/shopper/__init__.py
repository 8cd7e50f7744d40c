"""An order's page for its shopper, and the talk between shopper and merchant."""
