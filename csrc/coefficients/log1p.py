"""log1p(e) = e l(e - centre) for e in [0, 1].

l is centred so that its terms do not cancel, near 1/2 where its first coefficient is almost a float.
"""

import mpmath as mp
import numpy as np

from minimax import define_word, fit, nearly_exact, show

for dtype, degree in ((np.float32, 10), (np.float64, 22)):
    centre = nearly_exact(lambda e: mp.log1p(e) / e, mp.mpf(1) / 2, dtype)

    def ratio(u, centre=centre):
        return mp.log1p(u + centre) / (u + centre)

    coefficients, error = fit(ratio, lambda u: 1 / ratio(u), degree, -centre, 1 - centre, dtype)
    show("log1p_l", coefficients, error, dtype)
    define_word("log1p_centre", centre, dtype)
