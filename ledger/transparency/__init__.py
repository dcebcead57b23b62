"""Tamper evidence at work: ``ledger.merkle``, which is pure, with the database, the keys and the anchors.

``checkpointer`` follows the log and signs, ``signing_keys`` and ``last_signed`` keep what must not be in the database,
``anchors`` carries checkpoints to places outside, ``proofs`` hands out proofs, ``log_audit`` verifies everything from
stored bytes. What was decided and why: docs/decisions/0010-signing-and-anchoring.md.
"""
