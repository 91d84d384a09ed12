"""A network is tried out, in seconds, before hours are spent on it."""
