"""Settings of a Doorstep that is one migration ahead of this one."""

from doorstep.settings import *  # noqa: F403

MIGRATION_MODULES = {"doorstep": "tests.upgrade.migrations"}
