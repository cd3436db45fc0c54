"""Changes to all responses that fit a filter: counted first, then made by a worker with the rule
that changes a single response, and undone if someone asks.
"""
