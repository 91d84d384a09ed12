"""Figures for papers, drawn from the tables."""
