"""How much a network's loss rises when its weights are moved."""
