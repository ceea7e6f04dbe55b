"""What `deployment.` words in `partitions/<source>.yaml` stand for.

Knows the words and the deployment, not where a value goes. `placement` fills with it, `allowed`
refuses other words.
"""

import re

from lakehunt.config import Deployment
from lakehunt.layouts import strftime

ACCOUNTS, REGIONS = "deployment.accounts", "deployment.regions"
FIRST_DAY = "deployment.first_day"
_VALUES = "deployment.values."
# What a list may be filled from.
LISTS = (ACCOUNTS, REGIONS, f"{_VALUES}NAME")
_WORD = re.compile(r"deployment\.[\w.-]*")
_NAMED = re.compile(rf"{re.escape(_VALUES)}([\w-]+)")


def lists_in(text: str) -> list[str]:
    """Return the words of a deployment that a text names."""
    return _WORD.findall(text)


def is_list(word: str) -> bool:
    """Tell whether a word stands for a list of the deployment."""
    return word in (ACCOUNTS, REGIONS) or _NAMED.fullmatch(word) is not None


def value_names(text: str) -> list[str]:
    """Return the names under `[deployment.values]` that a text takes."""
    return _NAMED.findall(text)


def filled(text: str, deployment: Deployment, format_: str) -> str:
    """Return a text with its words filled; what is not configured is a marked placeholder."""
    return _WORD.sub(lambda match: _value(match[0], deployment, format_), text)


def values_of(word: str, deployment: Deployment) -> tuple[str, ...]:
    """Return the list of a deployment that a word stands for."""
    lists = {ACCOUNTS: deployment.accounts, REGIONS: deployment.regions}
    return lists.get(word, deployment.values.get(_name(word), ()))


def _name(word: str) -> str:
    return word.removeprefix(_VALUES).removeprefix("deployment.")


def _value(word: str, deployment: Deployment, format_: str) -> str:
    if word == FIRST_DAY:
        day = deployment.first_day
        return day.strftime(strftime(format_)) if day else f"<first_day {format_}>"
    return ",".join(values_of(word, deployment)) or f"<{_name(word)}>"
