"""What operators see: logs without PHI, and metrics."""
