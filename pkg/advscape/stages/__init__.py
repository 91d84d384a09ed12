"""One module for each rule of the workflow: a job goes in, rows and files come out.

Only these modules know what a job is; what they measure with knows tensors and records.
"""
