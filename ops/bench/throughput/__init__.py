"""The service beside its peers over HTTP, all in one run: `order-ledger bench`.

A load comes from a process of its own (``generator``), as do the service and each peer. All databases stand on one
embedded PostgreSQL with the settings that the service runs with. docs/performance.md tells the method.
"""
