"""The FastAPI base of every service: health, metrics, errors as OperationOutcome, bearer tokens."""
