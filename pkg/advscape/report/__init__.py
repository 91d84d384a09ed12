"""What people read: one page with the answer, and all that is to be known beside it."""
