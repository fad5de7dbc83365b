"""Commands around proof: keys for the services, and verification for whoever receives a Bundle."""
