"""The study's tables: the interface others build on."""
