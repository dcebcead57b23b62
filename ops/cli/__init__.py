"""The command line ``order-ledger``. Commands parse and print; what they do stands in the rooms beside."""
