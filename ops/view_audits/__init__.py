"""Compares the views that answers are made of with the events that they are made of, as a part of a verification.

Each view has a module with a ``Comparison``. Some are handed the events in the order of the log (``in_log_order``),
while that is verified and read only once; others are handed whole orders by their ids (``by_order``), which takes about
as long and needs nothing of the former. Where the machine has two processors and the log is long, the latter runs in a
process of its own (``other_process``, ``order_process``) that sees the same snapshot of the database; what it comes to
counts only when the log has been found sound, for it hashes nothing again.
"""
