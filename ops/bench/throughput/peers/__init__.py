"""What the service is measured against: each a process of its own that answers on a free port of this machine."""
