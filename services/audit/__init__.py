"""`chartline audit`: asks the audit log whether it is whole, and hands it out."""
