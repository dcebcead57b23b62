"""Running the service: a parent process that owns database and socket, and the worker processes that answer."""
