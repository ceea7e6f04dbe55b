"""The API calls that queries and cases on CloudTrail name are ones that their service has."""

import re
from collections.abc import Iterator, Mapping
from collections.abc import Set as AbstractSet
from functools import cache

import pytest
from sqlglot import exp

from lakehunt.casefiles import load_cases
from lakehunt.content import roots
from lakehunt.library import load_queries
from lakehunt.model import Case, Query, Source
from lakehunt.trino_on_duckdb.parser import parse

loaders = pytest.importorskip("botocore.loaders", reason="botocore has the services' models")

# A query of several logs names what each of them calls an event: it is left to its own tests.
QUERIES = {one.id: one for one in load_queries(roots()).values() if one.sources == ("cloudtrail",)}
# Lambda's names end with the version of its API: UpdateFunctionCode20150331v2.
VERSION = re.compile(r"\d{8}(v\d+)?$")
SIGN_IN = "an event of the sign-in service, which has no public API"
RENAMED = "CloudTrail's name for a call that S3's API names without the bucket or account"
# What CloudTrail logs under a name that no model has, and why.
NO_API_CALLS = {
    "ConsoleLogin": SIGN_IN,
    "CheckMfa": SIGN_IN,
    "SwitchRole": SIGN_IN,
    "GetSigninToken": SIGN_IN,
    "PutBucketPublicAccessBlock": RENAMED,
    "DeleteBucketPublicAccessBlock": RENAMED,
    "PutAccountPublicAccessBlock": RENAMED,
    "DeleteAccountPublicAccessBlock": RENAMED,
    "PutBucketObjectLockConfiguration": RENAMED,
    "UpdateInstanceInformation": "a call of the SSM agent, which no SDK has",
    "OpenTunnel": "a WebSocket of EC2 Instance Connect, which no SDK has",
}


@cache
def operations(event_source: str) -> frozenset[str]:
    """Return the API calls of an event source, none of one that botocore does not know."""
    try:
        model = loaders.Loader().load_service_model(event_source.partition(".")[0], "service-2")
    except loaders.UnknownServiceError:
        return frozenset()
    return frozenset(model["operations"])


def is_known(name: str, event_sources: AbstractSet[str]) -> bool:
    return name in NO_API_CALLS or any(
        VERSION.sub("", name) in operations(one) for one in event_sources
    )


def literals(node: exp.Expr, column: str) -> Iterator[str]:
    """Yield the texts that a node compares a column with."""
    items = [node.expression] if isinstance(node, exp.EQ | exp.NEQ) else node.expressions
    if isinstance(node, exp.Case):
        items = [branch.this for branch in node.args["ifs"]]
    if isinstance(node.this, exp.Column) and node.this.name == column:
        yield from (one.name for one in items if isinstance(one, exp.Literal))


def sources_of(select: exp.Expr | None) -> frozenset[str]:
    """Return the event sources that a WHERE holds all its rows to, none where it does not."""
    where = select.args.get("where") if select is not None else None
    conditions = where.this.flatten() if where and isinstance(where.this, exp.And) else ()
    held = (one for one in conditions if isinstance(one, exp.EQ | exp.In))
    return frozenset(name for one in held for name in literals(one, "event_source"))


def named_in(query: Query) -> Iterator[tuple[str, frozenset[str]]]:
    """Yield each event name of a query, with the event sources that it stands with."""
    for node in parse(query.sql).find_all(exp.EQ, exp.NEQ, exp.In, exp.Case):
        for name in literals(node, "event_name"):
            yield name, sources_of(node.parent_select)


def cases_of(id_: str) -> Mapping[str, Case]:
    return load_cases(roots(), id_)


def delivered(case: Case, example: Mapping[str, object]) -> Iterator[tuple[str, str]]:
    """Yield the event source and name of each record of a case."""
    for given in case.given.get("cloudtrail", ()):
        record = given.get("record", given)
        assert isinstance(record, Mapping)
        source, name = ({**example, **record}[key] for key in ("eventSource", "eventName"))
        if source and name:
            yield str(source), str(name)


@cache
def all_sources() -> frozenset[str]:
    """Return the event sources that any query names, for names that stand with none."""
    trees = (parse(query.sql) for query in QUERIES.values())
    nodes = (node for tree in trees for node in tree.find_all(exp.EQ, exp.In))
    held = (name for node in nodes for name in literals(node, "event_source"))
    return frozenset(held) | {"logs.amazonaws.com"}


@pytest.mark.parametrize("query", QUERIES.values(), ids=QUERIES)
def test_each_event_that_a_query_names_is_one_of_its_service(query: Query) -> None:
    named = {*named_in(query)}
    wrong = {name: held for name, held in named if not is_known(name, held or all_sources())}
    assert not wrong, f"{query.location.path}: no such API call"


@pytest.mark.parametrize("query", QUERIES.values(), ids=QUERIES)
def test_each_event_of_a_case_is_one_of_its_service(query: Query, cloudtrail: Source) -> None:
    wrong = [
        f"{case.location}: {source} has no API call {name}"
        for case in cases_of(query.id).values()
        for source, name in delivered(case, cloudtrail.partitions.example)
        # a near miss may be a known call under the name of a service that has none like it
        if not is_known(name, {source} | (all_sources() if "near_miss" in case.name else set()))
    ]
    assert not wrong, "\n".join(wrong)


def test_what_is_no_api_call_is_named_somewhere(cloudtrail: Source) -> None:
    named = {name for query in QUERIES.values() for name, _ in named_in(query)}
    example = cloudtrail.partitions.example
    for id_ in QUERIES:
        for case in cases_of(id_).values():
            named |= {name for _, name in delivered(case, example)}
    assert {*NO_API_CALLS} <= named


def test_a_misspelt_call_is_found() -> None:
    assert is_known("StopLogging", {"cloudtrail.amazonaws.com"})
    assert not is_known("StopLoging", {"cloudtrail.amazonaws.com"})
    assert not is_known("StopLogging", {"ivs.amazonaws.com"})
