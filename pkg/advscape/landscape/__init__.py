"""The loss along directions in weight space."""
