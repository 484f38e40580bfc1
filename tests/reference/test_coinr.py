"""Everything that the leading R package computes, number by number; the parts are beside this file.

The folder of reference numbers is that of the environment variable DLI_REFERENCE.
"""

from collections import Counter

from tests.reference import (
    coinr_exchange,
    coinr_links,
    coinr_multivariate,
    coinr_pipeline,
    coinr_screening,
    coinr_sensitivity,
    coinr_steps,
)
from tests.reference.coinr import needed
from tests.reference.coinr_exchange import *  # noqa: F403 the tests of that part
from tests.reference.coinr_links import *  # noqa: F403
from tests.reference.coinr_multivariate import *  # noqa: F403
from tests.reference.coinr_pipeline import *  # noqa: F403
from tests.reference.coinr_screening import *  # noqa: F403
from tests.reference.coinr_sensitivity import *  # noqa: F403
from tests.reference.coinr_steps import *  # noqa: F403

pytestmark = needed

PARTS = [
    coinr_exchange,
    coinr_links,
    coinr_multivariate,
    coinr_pipeline,
    coinr_screening,
    coinr_sensitivity,
    coinr_steps,
]


def test_no_part_hides_a_test_of_another():
    names = Counter(name for part in PARTS for name in vars(part) if name.startswith("test_"))
    assert max(names.values()) == 1
    assert names.keys() < globals().keys()
