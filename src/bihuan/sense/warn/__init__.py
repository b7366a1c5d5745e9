"""Warnings: what findings amount to. ``rules`` reads what a district set, ``course`` is the life of one warning as pure
arithmetic on instants, ``work`` follows the findings and does what a rule says.
"""
