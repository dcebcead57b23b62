"""Finding orders by words of their texts, for people. Not a part of the API's contract; made from the order view."""
