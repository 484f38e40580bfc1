import os

from hypothesis import settings

# On a build server the cases are the same every time; at a desk they are few and new.
settings.register_profile("ci", derandomize=True, max_examples=40, deadline=None)
# For other versions of Python and of dependencies: whether it works, not whether laws hold.
settings.register_profile("versions", derandomize=True, max_examples=10, deadline=None)
settings.register_profile("dev", max_examples=30, deadline=None)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "dev"))

# Files that type checkers read; half of them are wrong on purpose.
collect_ignore = ["typing"]
