"""Who works in a workspace, how they come in, and what they are told."""
