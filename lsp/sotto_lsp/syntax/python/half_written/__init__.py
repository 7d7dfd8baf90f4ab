"""Python that is half written: its statements and blocks, what the cursor stands in, what a suggestion would break.

Nothing here needs the whole document, or that it parses.
"""
