"""Looks over an installation and says in words what is wrong with it and what to do; changes nothing.

Each module looks at one thing and gives findings; ``doctor`` asks all of them.
"""
