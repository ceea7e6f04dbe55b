"""What AWS says when it refuses, in words that name what to do next.

Knows the errors of boto3. The other modules of this room raise with it.
"""

import re
from collections.abc import Mapping

from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    CredentialRetrievalError,
    NoCredentialsError,
    PartialCredentialsError,
    SSOError,
)

from lakehunt.config import Access
from lakehunt.errors import CloudError, LakeError, LakehuntError
from lakehunt.s3.address import Address

# The permission that an operation asks for (Service Authorization Reference, Amazon S3).
_PERMISSIONS = {
    "ListObjectsV2": "s3:ListBucket",
    "GetObject": "s3:GetObject",
    "AssumeRole": "sts:AssumeRole",
}
_DENIED = {"AccessDenied", "AccessDeniedException", "AllAccessDisabled", "403", "Forbidden"}
_EXPIRED = {"ExpiredToken", "ExpiredTokenException", "RequestExpired", "TokenRefreshRequired"}
_WRONG_KEY = {"InvalidAccessKeyId", "SignatureDoesNotMatch", "InvalidClientTokenId", "InvalidToken"}
# "... is not authorized to perform: s3:GetObject on resource: ... because no resource-based policy
# allows ...". Source: IAM User Guide, "Access denied error messages".
_ACTION = re.compile(r"not authorized to perform: ([\w-]+:\w+)")
_REFUSED = re.compile(
    r"(\S*(?:user|role)/\S+|User: \S+) is not authorized to perform: ([\w-]+:\w+)"
)
_WHO = re.compile(r"User: (\S+)")
_RESOURCE = re.compile(r"on resource: \"?([^\s\"]+)")
_BECAUSE = re.compile(r"because (.+?)\.?$")


class ObjectError(OSError):
    """One object that cannot be read; `cause` is set where others will fail for the same reason."""

    def __init__(self, reason: str, cause: LakehuntError | None = None) -> None:
        super().__init__(reason)
        self.cause = cause


def explained(error: ClientError | BotoCoreError, place: Address, access: Access) -> LakehuntError:
    """Return what an error of AWS means for whoever asked for a place."""
    if isinstance(error, ClientError):
        return _of_service(error, place, access)
    if isinstance(error, NoCredentialsError | PartialCredentialsError):
        hint = "set AWS_PROFILE, or `profile` of the location in lakehunt.toml"
        return CloudError(f"{place}: no AWS credentials; {hint}")
    if isinstance(error, SSOError | CredentialRetrievalError):
        return CloudError(f"{place}: {error}; {_log_in(access)}")
    return CloudError(f"{place}: {error}")


def _of_service(error: ClientError, place: Address, access: Access) -> LakehuntError:
    code = str(error.response.get("Error", {}).get("Code", ""))
    message = str(error.response.get("Error", {}).get("Message", ""))
    if code in _DENIED:
        return CloudError(f"{place}: access denied: {_missing(error, message, place, access)}")
    if code in _EXPIRED:
        return CloudError(f"{place}: the AWS credentials have expired; {_log_in(access)}")
    if code in _WRONG_KEY:
        return CloudError(f"{place}: AWS does not know the credentials ({code}); {_log_in(access)}")
    if code == "NoSuchBucket":
        return LakeError(f"{place}: no such bucket")
    if code.startswith("KMS."):
        return CloudError(f"{place}: the KMS key cannot be used ({code}): {message}")
    return CloudError(f"{place}: {code}: {message}")


def _log_in(access: Access) -> str:
    profile = f" --profile {access.profile}" if access.profile else ""
    return f"log in again, such as with `aws sso login{profile}`"


def _missing(error: ClientError, message: str, place: Address, access: Access) -> str:
    """Return the permission that is missing: as AWS names it, else by what was asked for."""
    named = _ACTION.search(message)
    action = named[1] if named else _PERMISSIONS.get(error.operation_name, error.operation_name)
    parts = [f"{action} is missing{_on(action, message, place, access)}{_for(message, access)}"]
    because = _BECAUSE.search(message)
    if because:
        parts.append(f"({because[1]})")
    elif action == "s3:GetObject" and not named:
        parts.append(f"in the role's policy or the bucket's, or {_decrypt(access)}")
    elif action == "s3:ListBucket":
        parts.append("in the role's policy or the bucket's")
    elif action == "sts:AssumeRole":
        parts.append("or the role does not trust the caller (its trust policy, the external id)")
    return " ".join(parts)


def _on(action: str, message: str, place: Address, access: Access) -> str:
    resource = _RESOURCE.search(message)
    if resource:
        return f" on {resource[1]}"
    if action == "sts:AssumeRole":
        return f" on {access.role_arn}"
    key = f"/{place.key}" if action == "s3:GetObject" else ""
    return f" on arn:aws:s3:::{place.bucket}{key}"


def _for(message: str, access: Access) -> str:
    who = _WHO.search(message)
    return f" for {who[1]}" if who else f" for {access.role_arn}" if access.role_arn else ""


def _decrypt(access: Access) -> str:
    return f"kms:Decrypt on {access.kms_key or 'the key that encrypts the object'}"


def why_unread(error: ClientError | BotoCoreError, place: Address, access: Access) -> ObjectError:
    """Return why one object cannot be read, and whether others will fail alike."""
    response: Mapping[str, object] = error.response if isinstance(error, ClientError) else {}
    details = response.get("Error", {})
    code = str(details.get("Code", "")) if isinstance(details, dict) else ""
    if code in ("PreconditionFailed", "412"):
        return ObjectError("changed in S3 since it was listed: run again")
    if code in ("NoSuchKey", "404"):
        return ObjectError("gone from S3 since it was listed: run again")
    if code == "InvalidObjectState":
        return ObjectError("archived (Glacier or Deep Archive): restore it first")
    cause = explained(error, place, access)
    return ObjectError(str(cause).removeprefix(f"{place}: "), cause)


def permission(message: str) -> str:
    """Return which permission a refusal says is missing, on what and for whom; '' if it is none."""
    denied = _REFUSED.search(message)
    if denied is None:
        return ""
    resource = _RESOURCE.search(message)
    on = f" on {resource[1]}" if resource else ""
    return f"access denied: {denied[2]} is missing{on} for {denied[1].removeprefix('User: ')}"
