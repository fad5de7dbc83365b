"""The files of deploy/ held against the code that they speak of."""
