"""Compares the views that answers are made of with the events that they are made of, as a part of a verification.

Each view has a module with a ``Comparison``; ``audit`` hands all of them the log, once by stream and once in its order.
The events are verified already: nothing here hashes them again.
"""
