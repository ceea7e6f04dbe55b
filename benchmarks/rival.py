"""The aggregate by chdb, ClickHouse in-process, with the same account of every record.

Only where chdb is installed; it is no dependency.
"""

import sys
from typing import Any

import chdb

KEYS = ("eventSource", "eventName", "sourceIPAddress", "eventTime", "eventID", "awsRegion",
        "recipientAccountId", "eventCategory")  # fmt: skip
RECORD = ", ".join(f"{key} String" for key in KEYS)
COLUMNS = ", ".join(f"tupleElement(r, '{key}') AS {key}" for key in KEYS)
QUERY = """
    SELECT eventSource, eventName, count() AS n, uniqExact(sourceIPAddress) AS ips,
        uniqExact(eventID), uniqExact(substring(eventTime, 1, 13)), uniqExact(awsRegion),
        uniqExact(recipientAccountId), uniqExact(eventCategory)
    FROM (
        SELECT {columns} FROM (
            SELECT arrayJoin(JSONExtract(json, 'Records', 'Array(Tuple({record}))')) AS r
            FROM file('{lake}/**/*.json.gz', 'JSONAsString', 'json String')
        )
    )
    GROUP BY 1, 2 ORDER BY 1, 2
    SETTINGS max_threads = 2
"""

if __name__ == "__main__":
    query: Any = chdb.query
    print(query(QUERY.format(columns=COLUMNS, record=RECORD, lake=sys.argv[1])))
