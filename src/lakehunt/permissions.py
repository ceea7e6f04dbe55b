"""What AWS says when it refuses, read for the permission that is missing.

Knows the texts of AWS, no client of it. Whoever calls AWS explains its refusals with this.
"""

import re
from dataclasses import dataclass

# "... is not authorized to perform: s3:GetObject on resource: ... because no resource-based policy
# allows ...". Source: IAM User Guide, "Access denied error messages".
_WHO = re.compile(r"User: (\S+)|(\S*(?:user|role)/\S+) is not authorized")
_ACTION = re.compile(r"not authorized to perform: ([\w-]+:\w+)")
_RESOURCE = re.compile(r"on resource: \"?([^\s\"]+)")
_BECAUSE = re.compile(r"because (.+?)\.?$")
# "Insufficient Lake Formation permission(s): Required Select on logs", or "... on logs".
_GRANT = re.compile(
    r"Insufficient Lake Formation permission\(s\)(?:: Required ([A-Z]\w*(?: [A-Z]\w*)*))?"
    r" on (.+?)(?= \(Service|[.;]? *$|[.;] |\n)"
)
# How Athena says that S3 refused an object to a query, of which it tells no permission.
_ON_PATH = re.compile(r"Permission denied on S3 path: s3://([^\s,;]+)")
_OF_PATH = re.compile(r"Error Code: AccessDenied.*?\(Path: s3://([^\s)]+)\)", re.DOTALL)
_GIVEN_BY = "(an administrator of the data lake gives it)"
_HIDDEN = re.compile(r"Relation contains no accessible columns")


@dataclass(frozen=True, slots=True)
class Missing:
    """A permission that is missing, on what, for whom and why, each as far as AWS tells it."""

    permission: str
    resource: str = ""
    who: str = ""
    because: str = ""
    where: str = ""

    def __str__(self) -> str:
        on = f" on {self.resource}" if self.resource else ""
        for_ = f" for {self.who}" if self.who else ""
        because = f" ({self.because})" if self.because else ""
        where = f" {self.where}" if self.where else ""
        return f"access denied: {self.permission} is missing{on}{for_}{because}{where}"


def missing_permission(message: str) -> Missing | None:
    """Return the permission that a message of AWS says is missing, None where it says none."""
    action = _ACTION.search(message)
    if action:
        who = _WHO.search(message)
        because = _BECAUSE.search(message)
        return Missing(
            action[1],
            _first(_RESOURCE, message),
            (who[1] or who[2]) if who else "",
            because[1] if because else "",
        )
    grant = _GRANT.search(message)
    if grant:
        name = f"the Lake Formation grant {grant[1]}" if grant[1] else "a Lake Formation grant"
        return Missing(name, grant[2], where=_GIVEN_BY)
    if _HIDDEN.search(message):
        columns = "the Lake Formation grant Select"
        return Missing(columns, "the columns of the table", where=_GIVEN_BY)
    path = _first(_ON_PATH, message) or _first(_OF_PATH, message)
    if path:
        return Missing("s3:GetObject", f"arn:aws:s3:::{path}", where=read_policies(""))
    return None


def read_policies(kms_key: str) -> str:
    """Return where it may be that reading an object is not allowed."""
    key = kms_key or "the key that encrypts the object"
    return f"in the role's policy or the bucket's, or kms:Decrypt on {key}"


def _first(pattern: re.Pattern[str], message: str) -> str:
    match = pattern.search(message)
    return match[1] if match else ""
