"""What people read: the page of claims, and all that is to be known beside them."""
