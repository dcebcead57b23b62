"""The intake: takes in the events that Chargebee's webhooks bring (chargebee/events.md, section 4)."""
