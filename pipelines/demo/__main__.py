"""Writes the default demo company into the home of the environment: the process of `tell.py`."""

import sys

from pipelines.start import loading

with loading():
    from pipelines.demo.tell import write_and_tell
    from pipelines.demo.write import CUSTOMERS, MONTHS, SEED, DemoRefused
    from pipelines.settings import Home

try:
    write_and_tell(Home.from_environment(), CUSTOMERS, MONTHS, SEED)
except DemoRefused as refused:
    sys.exit(f"cx: {refused}")
