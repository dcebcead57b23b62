"""Views built again from the log, beside those that the service goes on writing, and what differs between the two."""
