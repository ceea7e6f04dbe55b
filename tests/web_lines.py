"""Lines of the logs of web requests, written as ALB, S3 and CloudFront write what a client sends.

They know nothing of a table; a field is given by a word.
"""

ALB = (
    "https 2026-05-01T10:00:00.123456Z app/web/50dc6c495c0c9188 {client} 10.0.0.66:8080"
    ' 0.001 0.014 0.000 {status} 200 310 1520 "{verb} {url} HTTP/1.1" "{agent}"'
    " TLS_AES_128_GCM_SHA256 TLSv1.3 arn:aws:elasticloadbalancing:us-east-1:111122223333:"
    'targetgroup/web/73e2d6bc24d8a067 "{trace}" "www.example.com" "session-reused" 0'
    ' 2026-05-01T10:00:00.000000Z "forward" "{redirect}" "-" "10.0.0.66:8080" "200" "-" "-"'
)
ALB_TAILS = {
    29: "",
    30: " TID_1234abcd",
    33: ' TID_1234abcd "api.example.com" "/v2" "TransformSuccess"',
    34: ' TID_1234abcd "api.example.com" "/v2" "TransformSuccess" 192.0.2.10',
    36: ' TID_1234abcd "api.example.com" "/v2" "TransformSuccess" 192.0.2.10 "new one" two',
}


def alb_line(fields: int = 34, **values: str) -> str:
    """Return a line of ALB with so many fields, as it would be without a look at what is in it."""
    usual = {
        "client": "198.51.100.10:52817",
        "status": "403",
        "verb": "GET",
        "url": "https://www.example.com:443/",
        "agent": "curl/8.0",
        "trace": "Root=1-58337281-1d84f3d73c47ec4e58577259",
        "redirect": "-",
    }
    return ALB.format(**{**usual, **values}) + ALB_TAILS[fields]


S3ACCESS = (
    "79a59df900b949e55d96a1e698fbacedfd6e09d98eacf8f8d5218e7cd47ef2be example-data"
    ' [01/May/2026:10:00:00 +0000] {ip} - 3E57427F3EXAMPLE REST.GET.OBJECT {key} "{uri}" 403'
    ' AccessDenied 243 - 11 - "{referer}" "{agent}" -'
)
S3ACCESS_TAILS = {
    18: "",
    24: " h= SigV4 TLS_AES_128_GCM_SHA256 AuthHeader example-data.s3.amazonaws.com TLSv1.3",
    26: " h= SigV4 TLS_AES_128_GCM_SHA256 AuthHeader example-data.s3.amazonaws.com TLSv1.3 - Yes",
    27: " h= SigV4 TLS_AES_128_GCM_SHA256 AuthHeader example-data.s3.amazonaws.com TLSv1.3 - Yes"
    " us-east-1",
    29: " h= SigV4 TLS_AES_128_GCM_SHA256 AuthHeader example-data.s3.amazonaws.com TLSv1.3 - Yes"
    " us-east-1 two more",
}


def s3access_line(fields: int = 27, **values: str) -> str:
    """Return a line of S3 with so many fields; S3 escapes no quotes."""
    usual = {
        "ip": "198.51.100.10",
        "key": "a.txt",
        "uri": "GET /a.txt HTTP/1.1",
        "referer": "-",
        "agent": "curl/8.0",
    }
    return S3ACCESS.format(**{**usual, **values}) + S3ACCESS_TAILS[fields]


LEGACY = (
    "2026-05-01\t10:00:00\tFRA56-P2\t1520\t198.51.100.10\tGET\td111111abcdef8.cloudfront.net\t{stem}"
    "\t403\t{referer}\t{agent}\t{query}\t-\tError\t{id}\twww.example.com\thttps\t310\t0.004\t-"
    "\tTLSv1.3\tTLS_AES_128_GCM_SHA256\tError\tHTTP/2.0\t-\t-\t52817\t0.004\tError\ttext/html\t12"
    "\t-\t-"
)


def cloudfront_line(**values: str) -> str:
    """Return a line of a standard log."""
    usual = {"stem": "/a", "referer": "-", "agent": "curl/8.0", "query": "-", "id": "abc=="}
    return LEGACY.format(**{**usual, **values})
