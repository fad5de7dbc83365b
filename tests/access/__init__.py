"""Who may do what: the rules of every route of every service, against a table that people read."""
