"""What is to be run: the study's config, its grid of runs, and the keys that decide re-runs.

Read at every start of Snakemake, so nothing here imports torch, numpy or Snakemake.
"""
