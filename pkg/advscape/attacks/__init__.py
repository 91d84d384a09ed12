"""Attacks: inputs inside a threat model that raise a model's loss."""
