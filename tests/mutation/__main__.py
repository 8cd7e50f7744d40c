"""``python -m tests.mutation [words]``: see ``tests.mutation.breaking``."""

from tests.mutation.breaking import main

if __name__ == "__main__":
    raise SystemExit(main())
