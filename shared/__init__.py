"""What two services need and no medical decision is made in. Imports no service."""
