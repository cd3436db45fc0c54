"""The formats in which a batch's responses leave: each made while they stream past once, none kept
in memory.

A maker is a context manager that opens its files in a folder and gives a function which takes one
entry after another.
"""
