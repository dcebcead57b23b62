"""Delivering events to webhook endpoints: the calls, who may be called, and the loop that makes them."""
