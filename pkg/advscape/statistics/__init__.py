"""Trends, ratios and their intervals over seeds: data frames in, records out."""
