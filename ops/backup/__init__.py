"""Backups: taken while the service runs, verified when they are restored (docs/decisions/0021).

A backup is a folder: ``database`` is PostgreSQL's own dump of one moment, ``keys`` and ``anchors`` are what stands
beside the database, and ``manifest.json``, written last, says what all of it has to be.
"""
