"""The public interface for networks: from a model and its samples to a number with its error.

:class:`advscape.interface.loss.AdversarialLoss` is where it starts. Everything here composes what
the packages below measure, as the stages of a study do, and holds no mathematics of its own.
"""
