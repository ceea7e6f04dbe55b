"""Files of text and Parquet logs are recognised by what they hold, whatever their names."""

import gzip
import shutil
from pathlib import Path

import pytest

from lakehunt.engines.local.engine import LocalEngine
from lakehunt.model import Source
from tests.conftest import shared
from tests.lakes import put

SAMPLES = ("alb", "cloudfront", "route53_public", "route53_resolver", "s3access", "vpcflow", "waf")
FLOW = "2 111122223333 eni-0a1b 10.0.0.5 198.51.100.7 44321 443 6 10 840 {0} {0} ACCEPT OK\n"
FLOWS = "".join(FLOW.format(1777629600 + n) for n in range(3))
DNS = "1.0 2026-05-01T10:00:00.000Z Z0A www.example.com A NOERROR UDP FRA6 192.0.2.53 -\n"


def owners(lake: Path, sources: dict[str, Source]) -> dict[str, str]:
    """Return the source of each file of a lake; a skipped one has it in brackets."""
    engine = LocalEngine(lake, sources)
    found: dict[str, str] = {}
    try:
        for name, source in sources.items():
            listing = engine.lake.listing(source, ())
            found |= {Path(file.name).name: name for file in listing.files}
            found |= {Path(str(note.path)).name: f"({name})" for note in listing.skipped}
        found |= {Path(str(note.path)).name: "" for note in engine.lake.unknown}
    finally:
        engine.close()
    return found


def test_a_flat_dump_of_all_samples(tmp_path: Path, sources: dict[str, Source]) -> None:
    expected = {}
    for source in SAMPLES:
        for number, path in enumerate(sorted(shared("samples", source).rglob("*"))):
            if path.is_file():
                name = f"{number}-{source}.bin"
                shutil.copy(path, tmp_path / name)
                control = path.name == "elb_control.log"
                expected[name] = f"({source})" if control else source
    assert owners(tmp_path, sources) == expected


@pytest.mark.parametrize(
    ("text", "source"),
    [
        (FLOWS, "vpcflow"),
        ("version account-id interface-id srcaddr dstaddr action start end\n", "vpcflow"),
        (DNS, "route53_public"),
        (
            "#Version: 1.0\n#Fields: date time x-edge-location sc-bytes c-ip cs-method\n",
            "cloudfront",
        ),
        ("Enable AccessLog for ELB: app/a/1 at 2026-05-01T00:00:00Z\n", "(alb)"),
        ("a note that somebody left here\n", ""),
        ("10.0.0.5 up 3 days\n10.0.0.6 down 1 day\n", ""),
    ],
)
def test_the_first_lines_tell(
    tmp_path: Path, sources: dict[str, Source], text: str, source: str
) -> None:
    put(tmp_path / "one.bin", text.encode())
    put(tmp_path / "two.bin", gzip.compress(text.encode()))
    put(tmp_path / "other.bin", DNS.encode())
    found = owners(tmp_path, sources)
    assert (found["one.bin"], found["two.bin"]) == (source, source)


def test_a_damaged_first_line_does_not_hide_the_others(
    tmp_path: Path, sources: dict[str, Source]
) -> None:
    put(tmp_path / "one.bin", b"\xff garbage\n" + FLOWS.encode())
    assert owners(tmp_path, sources) == {"one.bin": "vpcflow"}
