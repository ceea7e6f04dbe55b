"""What a value of a pivot is taken for by how it is written."""

from collections.abc import Callable

import pytest

from lakehunt.errors import UsageError
from lakehunt.model import PivotKind
from lakehunt.pivot import kind_of_word, recognise
from tests.conftest import Ran

Run = Callable[..., Ran]


@pytest.mark.parametrize(
    ("text", "kind", "mention"),
    [
        ("AKIAIOSFODNN7EXAMPLE", PivotKind.ACCESS_KEY, "%AKIAIOSFODNN7EXAMPLE%"),
        ("111122223333", PivotKind.ACCOUNT, "%111122223333%"),
        ("i-0123456789abcdef0", PivotKind.INSTANCE, "%i-0123456789abcdef0%"),
        ("arn:aws:ec2:eu-west-1:1:instance/i-01234567", PivotKind.INSTANCE, "%i-01234567%"),
        ("eni-01234567", PivotKind.INTERFACE, "%eni-01234567%"),
        ("arn:aws:s3:::logs/a/b", PivotKind.BUCKET, "%logs%"),
        ("arn:aws-cn:iam::1:role/path/ops", PivotKind.ROLE, "%ops%"),
        ("arn:aws:kms:eu-west-1:1:key/abc", PivotKind.RESOURCE, "%abc%"),
        ("2001:DB8::1", PivotKind.ADDRESS, "%2001:db8::1%"),
        ("10.1.2.3/15", PivotKind.NETWORK, "10.%"),
        ("10.1.2.3/32", PivotKind.NETWORK, "10.1.2.3"),
        ("2001:db8::/32", PivotKind.NETWORK, "%"),
        ("0.0.0.0/0", PivotKind.NETWORK, "%"),
        ("11111111-2222-3333-4444-555555555555", PivotKind.EVENT, None),
        ('a "quoted" name', PivotKind.USER, "%"),
    ],
)
def test_what_a_value_may_be(text: str, kind: PivotKind, mention: str | None) -> None:
    value = recognise(text)
    assert value.kinds[0] is kind
    assert mention is None or value.mention == mention


def test_a_kind_is_named_in_any_spelling() -> None:
    assert kind_of_word("Access-Key") is PivotKind.ACCESS_KEY
    with pytest.raises(UsageError, match="there are: access_key"):
        kind_of_word("qqqq")
