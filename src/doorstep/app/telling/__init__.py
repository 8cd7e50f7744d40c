"""What people are told by mail and on their devices: the words, the readers, the sending."""
