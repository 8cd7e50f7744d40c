"""What is kept about a person: found, handed out, erased."""
