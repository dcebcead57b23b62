"""What the API can do: a module for each resource, each with the routes that lead to it."""
