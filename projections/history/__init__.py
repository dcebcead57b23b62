"""What happened to an order, what it was at any moment, and what differs: folded from its events, nothing stored."""
