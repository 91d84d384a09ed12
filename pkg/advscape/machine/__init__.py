"""The machine that a job runs on: devices, memory, locks, files, progress."""
