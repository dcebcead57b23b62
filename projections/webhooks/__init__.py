"""Which event is delivered to which webhook endpoint, and what became of it. Nothing here calls anybody."""
