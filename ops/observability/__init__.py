"""Logs and traces of the processes of a service; metrics are in ``api.metrics``."""
