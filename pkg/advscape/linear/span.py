r"""Many pixels, few samples: everything happens in the span of the samples.

The clean and the L2-robust loss depend on w through X w and \|w\| alone, and so the minimiser and
every gradient lie in the span of the rows of X. With an orthonormal basis Q (d, r) of it, r at most
the number of samples, w = Q z and \|w\| = \|z\|: the same problem with r features instead of d.
Orthogonal to the span the frozen Hessian is 0, and the response a multiple of the identity.
"""

import numpy as np


def spanning(rows: np.ndarray) -> np.ndarray:
    """Orthonormal columns (d, r) whose span holds the rows (k, d), k below d."""
    return np.linalg.qr(rows.T)[0]
