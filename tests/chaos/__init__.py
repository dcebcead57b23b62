"""Faults: what is acknowledged is kept, and nothing is done twice, whatever is killed, frozen, cut or full."""
