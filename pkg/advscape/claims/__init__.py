"""Claims about how curvature changes with epsilon, decided by rules fixed before any run."""
