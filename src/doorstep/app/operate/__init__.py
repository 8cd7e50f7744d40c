"""Running an installation: backup, upgrade, keys, what is wrong and what waits."""
