"""One pure module a layout: bytes of an official file in, typed entries out.

Invariant: a reader returns the whole file or raises FileRefused with the line and the reason; it never skips a line
that it does not understand.
"""
