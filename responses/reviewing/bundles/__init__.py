"""Many responses at once: a file is checked row by row, loaded whole or not at all, and undone as
one act.
"""
