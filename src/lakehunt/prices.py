"""What a query on Athena costs.

Knows Athena's price, not how bytes are counted. Engines and estimates call it.
"""

# Scanned bytes are billed up to the next megabyte, and 10 MB at least; DDL and failed queries are
# free. Source: Amazon Athena pricing page, "SQL queries" (read 2026-11-23).
_MEGABYTE = 1_000_000
_LEAST_MEGABYTES = 10
_MEGABYTES_PER_TB = 1_000_000


def athena_usd(scanned_bytes: int, usd_per_tb: float) -> float:
    """Return the price of one query that scans so much; one that scans nothing is free."""
    if scanned_bytes <= 0:
        return 0.0
    megabytes = max(_LEAST_MEGABYTES, -(-scanned_bytes // _MEGABYTE))
    return megabytes / _MEGABYTES_PER_TB * usd_per_tb
