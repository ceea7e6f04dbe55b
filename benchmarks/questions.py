"""One aggregate per source: as we ask it, and as its rivals do.

Knows no lakehunt: `rival` runs in an interpreter that may have none. Every form groups by the same
fields and gives the number of events in the column `n`.
"""

from collections.abc import Mapping
from dataclasses import dataclass

_SPACED = "format_custom_escaping_rule = 'CSV', format_custom_field_delimiter = ' '"
_RAGGED = "input_format_custom_allow_variable_number_of_columns = 1"
_ALB = (
    "type String, time String, elb String, client String, target String, rpt Float32, tpt Float32,"
    " rept Float32, status String, target_status String, received Int64, sent Int64"
)
_S3 = (
    "owner String, bucket String, time String, zone String, ip String, requester String,"
    " request_id String, operation String, key String, uri String, status String, error String,"
    " sent String"
)
_FLOW = (
    "version Int32, account String, eni String, src String, dst String, sport Nullable(Int32),"
    " dport Nullable(Int32), protocol Nullable(Int32), packets Nullable(Int64),"
    " bytes Nullable(Int64), start Int64, end Int64, action String, log_status String"
)
_TRAIL = "Records Array(Tuple(eventSource String, eventName String, sourceIPAddress String))"
_WAF = "action String, httpRequest Tuple(clientIp String, httpMethod String)"
_QUERY = "query_type String, rcode String, srcaddr String"
_WEB = (
    "date String, time String, edge String, bytes Int64, ip String, method String, host String,"
    " stem String, status String"
)


@dataclass(frozen=True, slots=True)
class Question:
    """An aggregate over one source; `chdb` has the hole `{files}`, '' where it is not asked.

    `blanks` names the columns of a blank-separated log for polars, '' where that is not asked.
    """

    ours: str
    chdb: str = ""
    blanks: str = ""


def _chdb(columns: str, format_: str, structure: str, settings: str = "") -> str:
    what = f"FROM file('{{files}}', '{format_}', '{structure}')"
    more = f", {settings}" if settings else ""
    return f"SELECT {columns} {what} GROUP BY ALL SETTINGS max_threads = 2{more}"


QUESTIONS: Mapping[str, Question] = {
    "cloudtrail": Question(
        "SELECT event_source, event_name, count(*) AS n, count(DISTINCT source_ip) AS ips"
        " FROM cloudtrail GROUP BY 1, 2",
        "SELECT r.eventSource, r.eventName, count() AS n, uniqExact(r.sourceIPAddress) FROM ("
        f"SELECT arrayJoin(Records) AS r FROM file('{{files}}', 'JSONEachRow', '{_TRAIL}')"
        ") GROUP BY ALL SETTINGS max_threads = 2",
    ),
    "alb": Question(
        "SELECT elb_status_code, count(*) AS n, count(DISTINCT source_ip) AS ips,"
        " sum(sent_bytes) AS bytes FROM alb GROUP BY 1",
        _chdb(
            "status, count() AS n, uniqExact(splitByChar(':', client)[1]), sum(sent)",
            "CustomSeparated",
            _ALB,
            f"{_SPACED}, {_RAGGED}",
        ),
        "status client sent",
    ),
    "s3access": Question(
        "SELECT event_name, http_status, count(*) AS n, count(DISTINCT source_ip) AS ips,"
        " sum(bytes_sent) AS bytes FROM s3access GROUP BY 1, 2",
        _chdb(
            "operation, status, count() AS n, uniqExact(ip), sum(toInt64OrNull(sent))",
            "CustomSeparated",
            _S3,
            f"{_SPACED}, {_RAGGED}",
        ),
        "operation status ip sent",
    ),
    "vpcflow": Question(
        "SELECT dstport, action, count(*) AS n, count(DISTINCT source_ip) AS ips,"
        " sum(bytes) AS bytes FROM vpcflow GROUP BY 1, 2",
        _chdb(
            "dport, action, count() AS n, uniqExact(src), sum(bytes)",
            "CustomSeparated",
            _FLOW,
            # the header of each file is an error of its own
            f"{_SPACED}, input_format_allow_errors_num = 1000000",
        ),
        "dport action src bytes",
    ),
    "waf": Question(
        "SELECT event_name, outcome, count(*) AS n, count(DISTINCT source_ip) AS ips"
        " FROM waf GROUP BY 1, 2",
        _chdb(
            "httpRequest.httpMethod, action, count() AS n, uniqExact(httpRequest.clientIp)",
            "JSONEachRow",
            _WAF,
        ),
    ),
    "route53_resolver": Question(
        "SELECT event_name, outcome, count(*) AS n, count(DISTINCT source_ip) AS ips"
        " FROM route53_resolver GROUP BY 1, 2",
        _chdb("query_type, rcode, count() AS n, uniqExact(srcaddr)", "JSONEachRow", _QUERY),
    ),
    "route53_public": Question(
        "SELECT event_name, outcome, count(*) AS n, count(DISTINCT source_ip) AS ips"
        " FROM route53_public GROUP BY 1, 2",
    ),
    "cloudfront": Question(
        "SELECT event_name, outcome, count(*) AS n, count(DISTINCT source_ip) AS ips"
        " FROM cloudfront GROUP BY 1, 2",
        _chdb(
            "method, status, count() AS n, uniqExact(ip)",
            "TSV",
            _WEB,
            "input_format_tsv_allow_variable_number_of_columns = 1",
        ),
    ),
    "cloudfront_realtime": Question(
        "SELECT event_name, outcome, count(*) AS n, count(DISTINCT source_ip) AS ips"
        " FROM cloudfront_realtime GROUP BY 1, 2",
    ),
}
# The columns of blank-separated logs, by the structure above.
BLANKS: Mapping[str, tuple[str, ...]] = {
    name: tuple(column.split()[0] for column in structure.split(", "))
    for name, structure in {"alb": _ALB, "s3access": _S3, "vpcflow": _FLOW}.items()
}
# What a detection asks that names its events.
NAMED = (
    "SELECT event_name, count(*) AS n, count(DISTINCT source_ip) AS ips FROM cloudtrail"
    " WHERE event_name IN ('StopLogging', 'DeleteTrail', 'UpdateTrail') GROUP BY 1"
)
NAMED_CHDB = (
    "SELECT r.eventName, count() AS n, uniqExact(r.sourceIPAddress) FROM ("
    f"SELECT arrayJoin(Records) AS r FROM file('{{files}}', 'JSONEachRow', '{_TRAIL}')"
    ") WHERE r.eventName IN ('StopLogging', 'DeleteTrail', 'UpdateTrail')"
    " GROUP BY ALL SETTINGS max_threads = 2"
)
