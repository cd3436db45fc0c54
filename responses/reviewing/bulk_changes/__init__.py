"""Changes to all responses that match a filter: counted first, then made by a worker with the
rule for a single response, and undone on request.
"""
