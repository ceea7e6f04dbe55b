"""Sessions with AWS: a profile, a role assumed with it, a region.

Knows credentials, no service but STS. Whoever opens a client of AWS begins here.
"""

import boto3
from botocore.credentials import (
    AssumeRoleCredentialFetcher,
    CredentialProvider,
    CredentialResolver,
    Credentials,
    DeferredRefreshableCredentials,
)
from botocore.exceptions import ProfileNotFound
from botocore.session import Session, get_session

from lakehunt.config import Access
from lakehunt.errors import CloudError, ConfigError, nearest

_ROLE_SESSION = "lakehunt"


def aws_session(access: Access) -> boto3.Session:
    """Return a session; credentials of a role are asked for when needed, and again in time.

    Raises:
        ConfigError: there is no such profile.
    """
    try:
        own = boto3.Session(profile_name=access.profile or None, region_name=access.region or None)
    except ProfileNotFound as error:
        known = boto3.Session().available_profiles
        near = nearest(access.profile, known)
        hint = f"did you mean {near}?" if near else f"there are: {', '.join(known) or 'none'}"
        where = f"{access.profile_line}: " if access.profile_line else ""
        raise ConfigError(f"{where}no AWS profile {access.profile}; {hint}") from error
    if not access.role_arn:
        return own
    region = access.region or own.region_name
    return boto3.Session(botocore_session=_assumed(own._session, access), region_name=region)


def _assumed(source: Session, access: Access) -> Session:
    """Return a session of a role, its credentials refreshed before they expire."""
    credentials = source.get_credentials()
    if credentials is None:
        raise CloudError(f"no AWS credentials to assume {access.role_arn} with")
    arguments = {"RoleSessionName": _ROLE_SESSION}
    if access.external_id:
        arguments["ExternalId"] = access.external_id
    fetcher = AssumeRoleCredentialFetcher(
        source.create_client, credentials, access.role_arn, extra_args=arguments
    )

    class Role(CredentialProvider):
        METHOD = CANONICAL_NAME = "lakehunt-role"

        def load(self) -> Credentials:
            return DeferredRefreshableCredentials(fetcher.fetch_credentials, self.METHOD)

    session = get_session()
    session.register_component("credential_provider", CredentialResolver([Role()]))
    return session
