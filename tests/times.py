"""How many times as often as usual laws are tried with random values: twenty times in ``make fuzz``.

Each run of ``make test`` draws other values where Hypothesis draws them, so what it tries adds up over all runs.
"""

import os

LAWS_TIMES = int(os.environ.get("LAWS_TIMES", "1"))
