"""A clerk that drafts and never decides: from texts that people sorted, which category would they give this one?

Here only what is light is imported; training and classifying load NumPy and SciPy, and belong into a process of their
own.
"""
