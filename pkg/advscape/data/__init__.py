"""From named datasets to arrays: sources, one prepared file per dataset, splits by seed."""
