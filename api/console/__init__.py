"""The console: server-rendered pages over what the API can answer too.

Every page is made of the same reads as the API's answers, and nothing here writes but the few actions that say so.
"""
