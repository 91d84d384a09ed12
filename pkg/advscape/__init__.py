"""advscape: how adversarial training shapes the weight loss landscape.

Folders follow the data: :mod:`advscape.study` says what is to be run, :mod:`advscape.data` makes
the arrays, then come training, evaluation, curvature, landscapes, tables, claims and figures.
:mod:`advscape.linear` holds the exact theory of linear models and needs no torch.
"""

__version__ = "0.1.0"
