"""What is known and how it is kept: scans, changes, what waits for something, what people decided."""
