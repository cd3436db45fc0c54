"""The formats of a batch's responses. Each is written while the responses stream past once; none is
kept in memory.

A maker is a context manager that opens its files in a folder and yields a function that takes one
entry at a time.
"""
