"""Builds the index of past orders of a site again in two processes, where that is worth it.

One process compares the first orders by id and the times of the log, another one (``part_process``) all other orders.
Neither waits for the other: what differs is put right under the lock of the index, a few orders at a time.
"""
