"""What programs are shown of the ledger: rows in shapes that are promised to stay (``docs/reference/api.md``). Reading
only, in a number of statements that does not grow; what a caller does not want is not read. Rows are sorted here and
not by the database, which would walk a whole workspace in that order rather than look up a few. Ids are text: they have
more digits than a number of JavaScript.
"""
