"""What AWS says when it refuses, in words that name what to do next.

Knows the errors of boto3. The other modules of this room raise with it.
"""

from collections.abc import Mapping
from dataclasses import replace

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
from lakehunt.permissions import Missing, missing_permission, read_policies
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
        return CloudError(f"{place}: {_missing(error, message, place, access)}")
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


def _missing(error: ClientError, message: str, place: Address, access: Access) -> Missing:
    """Return the permission that is missing: as AWS names it, else by what was asked for."""
    told = missing_permission(message)
    action = _PERMISSIONS.get(error.operation_name, error.operation_name)
    found = told or Missing(action)
    return replace(
        found,
        resource=found.resource or _resource(found.permission, place, access),
        who=found.who or access.role_arn,
        where=found.where or ("" if found.because else _where(found, access, is_told=bool(told))),
    )


def _resource(action: str, place: Address, access: Access) -> str:
    if action == "sts:AssumeRole":
        return access.role_arn
    key = f"/{place.key}" if action == "s3:GetObject" else ""
    return f"arn:aws:s3:::{place.bucket}{key}"


def _where(missing: Missing, access: Access, *, is_told: bool) -> str:
    """Return where to look, of what AWS does not explain itself."""
    if missing.permission == "s3:GetObject" and not is_told:
        return read_policies(access.kms_key)
    if missing.permission == "s3:ListBucket":
        return "in the role's policy or the bucket's"
    if missing.permission == "sts:AssumeRole":
        return "or the role does not trust the caller (its trust policy, the external id)"
    return ""


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
