"""Events as Chargebee shows them: each event of an order in the log, with the order as it was right after it."""
