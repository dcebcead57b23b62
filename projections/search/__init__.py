"""Finding orders by words of their texts and by who changed them, for people: no part of Chargebee's contract."""
