"""What is known and ours: `[known]` of lakehunt.toml.

Knows the forms of the values, not which queries ask for them. Workflows and faces call it.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from lakehunt.config.reading import Reader

_KEYS = ("accounts", "networks", "principals", "vendor_roles", "break_glass")
_ACCOUNT = re.compile(r"\d{12}")
_ROLE = re.compile(r"arn:aws[a-z-]*:iam::\d{12}:role/[^*?]+")
# What the column actor of an event view can hold: a user, role, federated user, unique id or
# service. The root user is none: whatever it does is worth a look.
_PRINCIPAL = re.compile(
    r"arn:aws[a-z-]*:iam::\d{12}:(user|role)/[^*?]+"
    r"|arn:aws[a-z-]*:sts::\d{12}:federated-user/[^*?]+"
    r"|(AIDA|AROA)[A-Z0-9]{12,}"
    r"|[a-z0-9-]+(\.[a-z0-9-]+)*\.amazonaws\.com"
)
_SESSION = re.compile(r"arn:aws[a-z-]*:sts::\d{12}:assumed-role/.+")
# The parameters of queries that take these lists.
PARAMS = ("known_accounts", "known_networks", "known_principals")


@dataclass(frozen=True, slots=True)
class Known:
    """Accounts, networks and principals that findings need not be about.

    Networks are in CIDR notation. Break-glass principals are known as well, but what they do is
    marked, never hidden.
    """

    accounts: tuple[str, ...] = ()
    networks: tuple[str, ...] = ()
    principals: tuple[str, ...] = ()
    vendor_roles: tuple[str, ...] = ()
    break_glass: tuple[str, ...] = ()

    def values(self, names: Mapping[str, object]) -> dict[str, list[str]]:
        """Return the values of those of some parameters that take a list that is not empty."""
        lists = {
            "known_accounts": self.accounts,
            "known_networks": self.networks,
            "known_principals": (*self.principals, *self.vendor_roles),
        }
        return {name: [*lists[name]] for name in PARAMS if name in names and lists[name]}


def read_known(reader: Reader, data: Mapping[str, object]) -> Known:
    """Return `[known]` as a value.

    Raises:
        ConfigError: an unknown key, or a value that can be none of its kind, with the line.
    """
    reader.check(data, _KEYS)
    lists = {key: reader.texts(data, key) for key in _KEYS}
    for key, wrong in _WRONG.items():
        for item in lists[key]:
            if expected := wrong(item):
                raise reader.item_error(key, item, expected)
    for item in lists["break_glass"]:
        for key in ("principals", "vendor_roles"):
            if item in lists[key]:
                raise reader.item_error(key, item, "to stand under break_glass alone")
    lists["networks"] = tuple(_network(item) for item in lists["networks"])
    return Known(**lists)


def _wrong_account(text: str) -> str:
    return "" if _ACCOUNT.fullmatch(text) else "an account id of 12 digits"


def _wrong_network(text: str) -> str:
    from ipaddress import ip_network  # noqa: PLC0415  only a file with networks pays for it

    form = "a network such as 198.51.100.0/24, or an address"
    try:
        network = ip_network(text, strict=False)
    except ValueError:
        return form
    if network.prefixlen == 0:
        return f"{form}; this one is everybody"
    exact = ip_network(text.partition("/")[0]).network_address == network.network_address
    return "" if exact else f"{network}, the network that it lies in"


def _network(text: str) -> str:
    from ipaddress import ip_network  # noqa: PLC0415  only a file with networks pays for it

    return str(ip_network(text))


def _wrong_principal(text: str) -> str:
    if _PRINCIPAL.fullmatch(text):
        return ""
    if _SESSION.fullmatch(text):
        return "the ARN of the role rather than of a session: arn:aws:iam::...:role/..."
    return "the ARN of one user or role, a unique id or a service such as ssm.amazonaws.com"


def _wrong_role(text: str) -> str:
    return "" if _ROLE.fullmatch(text) else "the ARN of one role: arn:aws:iam::...:role/..."


_WRONG: Mapping[str, Callable[[str], str]] = {
    "accounts": _wrong_account,
    "networks": _wrong_network,
    "principals": _wrong_principal,
    "vendor_roles": _wrong_role,
    "break_glass": _wrong_principal,
}
