"""Where our package is known to answer the battery otherwise than Trino: by query, the reason.

It must not hold what is refused. tests/test_battery.py expects each of these to differ, so that
one that is cured must leave; the page of what is supported lists them.
"""

KNOWN: dict[str, str] = {}
