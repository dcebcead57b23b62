"""Tamper evidence: the Merkle tree over a site's log, signed checkpoints, proofs, and what verifies them.

Pure functions and small types: no I/O, no clock, no database. ``tree`` and ``tiles`` compute hashes, ``proof`` proves
with them, ``note`` and ``checkpoint`` sign and open tree heads, ``proof_file`` and ``export_line`` are what an auditor
keeps, ``verify`` and ``verify_proof`` name the first ``fault``. ``auditor`` is the verifier for people without this
project. What was decided and why: docs/decisions/0008-checkpoints-and-tiles.md.
"""
