"""The bounds of tamper evidence in one place, each with its reason."""

# Positions are signed 64-bit integers in the database, and so are sizes in other readers of checkpoints.
TREE_SIZE_MAX = 2**63 - 1
# An inclusion proof has one hash for each level below the root.
PROOF_HASHES_MAX = 63

# A note carries at least 16 signatures, some of nearly 5 kB (C2SP signed-note, Format): 80 kB in bytes, a third more
# in base64, and room for the text.
NOTE_BYTES_MAX = 128 * 1024
NOTE_SIGNATURES_MAX = 100
# A verifier key of Ed25519 has 55 characters behind its name, and names are URLs without a scheme.
VERIFIER_KEY_LENGTH_MAX = 1_000

# The largest event holds an invoice of 1 MiB (ledger/limits.py) and its metadata.
EVENT_BODY_BYTES_MAX = 2 * 1024 * 1024

# An order has tens of events, its invoice some more. At 1 kB a body and 20 hashes a proof, ten thousand are 23 MB.
PROOF_FILE_EVENTS_MAX = 10_000
PROOF_FILE_BYTES_MAX = 64 * 1024 * 1024

# Checkpoints that a verifier has been told of and whose size it has not reached. One a second for three hours.
CHECKPOINTS_WAITING_MAX = 10_000
