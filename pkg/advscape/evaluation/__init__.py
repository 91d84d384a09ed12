"""Loss and accuracy, clean and under attack."""
