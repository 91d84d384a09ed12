"""Hessian operators of a loss over a network's parameters, and what is read from them."""
