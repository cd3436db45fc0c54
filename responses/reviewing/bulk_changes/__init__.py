"""Changing all responses that fit a filter: counted first, then changed by a worker, each by the
rule that changes one, and undone.
"""
