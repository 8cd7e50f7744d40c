"""Facts become the ledger. Every function here gives the same result for any order and repetition of the same inbox
rows: snapshots have an age and the newest counts, claims are a set, events are a set. What follows from them (parcels,
statuses, pushes) is computed afterwards by ``app.settle``.
"""
