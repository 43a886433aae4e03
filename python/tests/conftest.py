"""The package of this source tree, with the library that LAOT_LIBRARY names; an installed one where
LAOT_INSTALLED is set."""

import os
import sys

if not os.environ.get("LAOT_INSTALLED"):
    sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "src"))
