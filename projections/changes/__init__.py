"""The log of a site as a list: an index of what each event was about, and exact pages read through it."""
