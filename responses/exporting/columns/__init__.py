"""The columns of a pack's tables, each in one place: every format, the data package, the codebook
and the tables in docs/batches.md are made from these lists.
"""
