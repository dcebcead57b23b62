"""Benchmarks: scratch databases filled with orders that look like a shop's, and what is measured on them.

No product code imports this package; the command line may.
"""
