"""The study's config, one module for each section."""
