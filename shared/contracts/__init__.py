"""What the services say to each other: topics, envelope, message classes and the errors they share."""
