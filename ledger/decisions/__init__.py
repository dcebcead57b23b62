"""The decisions: one pure function per command, from what is known to what happens or why it does not.

Checks come in the order of chargebee/orders.md, section 6: parameters (400), referenced resources (404), state
(409), limits (400). What can be seen from the parameters alone was checked before.
"""
