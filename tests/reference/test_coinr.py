"""Everything that the leading R package computes, number by number; the parts are beside this file.

The folder of reference numbers is that of the environment variable DLI_REFERENCE.
"""

from tests.reference.coinr import needed
from tests.reference.coinr_multivariate import *  # noqa: F403 the tests of that part
from tests.reference.coinr_pipeline import *  # noqa: F403
from tests.reference.coinr_sensitivity import *  # noqa: F403
from tests.reference.coinr_steps import *  # noqa: F403

pytestmark = needed
