"""Recognises what a value is: a key, an ARN, an address, an id, or a name that the data explain.

Knows AWS's ids and ARNs, no log source. `pivot.asking` calls it.
"""

import ipaddress
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import replace

from lakehunt.errors import UsageError, nearest
from lakehunt.model import PivotKind, PivotValue

ANYTHING = "%"
# Source: IAM User Guide, "IAM identifiers" (read 2026-11-23): AKIA and ASIA are access keys, ABIA
# and ACCA credentials of services.
_ACCESS_KEY = re.compile(r"(AKIA|ASIA|ABIA|ACCA)[A-Z0-9]{8,124}")
_ACCOUNT = re.compile(r"\d{12}")
_EVENT = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_INSTANCE = re.compile(r"m?i-[0-9a-z]{8,17}")
_INTERFACE = re.compile(r"eni-[0-9a-z]{8,17}")
_HOST = re.compile(r"([a-z0-9_-]+\.)+[a-z][a-z0-9-]+\.?", re.IGNORECASE)
_ARN = re.compile(r"arn:[a-z0-9-]+:(?P<service>[a-z0-9-]+):[^:]*:[^:]*:(?P<rest>.+)", re.DOTALL)
# What a bare name may be; the data decide, the last is what names anything.
_NAMES = (
    PivotKind.USER,
    PivotKind.ROLE,
    PivotKind.SESSION,
    PivotKind.BUCKET,
    PivotKind.RESOURCE,
)


def recognise(text: str, kind: PivotKind | None = None) -> PivotValue:
    """Return what a text is, or may be; a kind that is given decides.

    Raises:
        UsageError: it is empty, or no such thing.
    """
    # addresses are often written so that nobody follows them by accident
    stripped = text.strip().replace("[.]", ".").replace("[:]", ":")
    if not stripped:
        raise UsageError("nothing to pivot on: give an access key, an ARN, an address or a name")
    value = _recognised(stripped)
    if kind is None or value.kinds == (kind,):
        return value
    if kind in (PivotKind.ADDRESS, PivotKind.NETWORK):
        return _network(stripped) if kind is PivotKind.NETWORK else _address(stripped)
    return replace(value, kinds=(kind,)) if value.names else _named(stripped, (kind,))


def kind_of_word(word: str) -> PivotKind:
    """Return the kind that a word of the command line names.

    Raises:
        UsageError: there is no such kind.
    """
    plain = word.strip().lower().replace("-", "_")
    if plain in [*PivotKind]:
        return PivotKind(plain)
    near = nearest(plain, [*PivotKind])
    hint = f"did you mean {near}?" if near else f"there are: {', '.join(PivotKind)}"
    raise UsageError(f"--as {word}: no such kind of value; {hint}")


def _recognised(text: str) -> PivotValue:
    for pattern, kinds in _IDS:
        if pattern.fullmatch(text):
            return _named(text, kinds)
    if text.lower().startswith("s3://"):
        return _named(text[5:].partition("/")[0], (PivotKind.BUCKET,))
    arn = _ARN.fullmatch(text)
    if arn:
        return _of_arn(text, arn["service"], arn["rest"])
    try:
        return _network(text) if "/" in text else _address(text)
    except UsageError:
        if _HOST.fullmatch(text):
            return _host(text, (*_NAMES[:-1], PivotKind.HOST, PivotKind.RESOURCE))
        return _named(text, _NAMES)


_IDS = (
    (_ACCESS_KEY, (PivotKind.ACCESS_KEY,)),
    (_ACCOUNT, (PivotKind.ACCOUNT,)),
    # keys of KMS have ids of the same form
    (_EVENT, (PivotKind.EVENT, PivotKind.RESOURCE)),
    (_INSTANCE, (PivotKind.INSTANCE,)),
    (_INTERFACE, (PivotKind.INTERFACE,)),
)


def _named(text: str, kinds: tuple[PivotKind, ...], more: Iterable[str] = ()) -> PivotValue:
    names = tuple(dict.fromkeys((text, *more)))
    shortest = min(names, key=len)
    # what JSON escapes may be spelled in several ways
    plain = json.dumps(shortest)[1:-1] == shortest
    return PivotValue(text, kinds, names, f"%{shortest}%" if plain else ANYTHING)


def _host(text: str, kinds: tuple[PivotKind, ...]) -> PivotValue:
    """Return a name that may be a host's, which logs write in lower case and without a last dot."""
    host = text.lower().rstrip(".")
    value = _named(text, kinds, (host,))
    return value if host in text else replace(value, mention=ANYTHING)


def _of_arn(arn: str, service: str, rest: str) -> PivotValue:
    path, _, last = rest.rpartition("/")
    first = rest.partition("/")[0]
    kind = _ARN_KINDS.get((service, first)) or _ARN_KINDS.get((service, ""), PivotKind.RESOURCE)
    if kind is PivotKind.BUCKET:
        return _named(first, (kind,))
    if kind in (PivotKind.INSTANCE, PivotKind.INTERFACE):
        return _named(last, (kind,))
    if kind is PivotKind.SESSION and path.count("/") != 1:
        return _named(arn, (PivotKind.RESOURCE,))
    own = () if kind is PivotKind.SESSION else (re.split("[:/]", rest)[-1] or rest,)
    return _named(arn, (kind,), own)


_ARN_KINDS: Mapping[tuple[str, str], PivotKind] = {
    ("iam", "user"): PivotKind.USER,
    ("iam", "root"): PivotKind.USER,
    ("iam", "role"): PivotKind.ROLE,
    ("sts", "assumed-role"): PivotKind.SESSION,
    ("sts", "federated-user"): PivotKind.USER,
    ("s3", ""): PivotKind.BUCKET,
    ("ec2", "instance"): PivotKind.INSTANCE,
    ("ec2", "network-interface"): PivotKind.INTERFACE,
}


def _address(text: str) -> PivotValue:
    try:
        address = str(ipaddress.ip_address(text))
    except ValueError as error:
        raise UsageError(f"{text} is no address such as 198.51.100.10") from error
    return PivotValue(address, (PivotKind.ADDRESS,), (address,), f"%{address}%")


def _network(text: str) -> PivotValue:
    try:
        network = ipaddress.ip_network(text, strict=False)
    except ValueError as error:
        raise UsageError(f"{text} is no network such as 198.51.100.0/24") from error
    whole = network.prefixlen // 8
    octets = str(network.network_address).split(".")[:whole]
    # the zeros of an IPv6 address may be left out anywhere
    known = network.version == 4 and whole  # noqa: PLR2004
    pattern = ".".join(octets) + (".%" if whole < 4 else "") if known else ANYTHING  # noqa: PLR2004
    return PivotValue(str(network), (PivotKind.NETWORK,), (), pattern)
