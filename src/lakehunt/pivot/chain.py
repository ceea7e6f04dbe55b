"""Follows credentials both ways: what a key was used to issue, and which keys led to it.

Knows pairs of keys, not where they come from. `pivot.asking` calls it.
"""

from collections.abc import Iterable, Mapping, Sequence

from lakehunt.model import Chain, Hop

# Keys become literals of a query: beyond this many it would take longer to read than to run.
MOST_KEYS = 500


def follow(held: Sequence[str], links: Iterable[tuple[str, str]], *, forward: bool = True) -> Chain:
    """Return the chain around some keys, to any depth; a circle of keys ends where it began.

    Args:
        held: the keys to start from.
        links: pairs of a key and one that was issued with it.
        forward: also what was issued with them.
    """
    children: dict[str, list[str]] = {}
    parents: dict[str, list[str]] = {}
    for parent, child in links:
        children.setdefault(parent, []).append(child)
        parents.setdefault(child, []).append(parent)
    issued = _reached(held, children) if forward else []
    issuers = _reached(held, parents)
    most = MOST_KEYS
    kept = (held[:most], issued[:most], issuers[:most])
    left_out = len(held) + len(issued) + len(issuers) - sum(map(len, kept))
    return Chain(tuple(kept[0]), tuple(kept[1]), tuple(kept[2]), left_out)


def _reached(start: Iterable[str], next_of: Mapping[str, Sequence[str]]) -> list[Hop]:
    """Return what is reached from the start, nearest first, each once."""
    front = [*start]
    seen = {*front}
    found: list[Hop] = []
    depth = 0
    while front:
        depth += 1
        ahead: list[str] = []
        for key in front:
            for other in next_of.get(key, ()):
                if other not in seen:
                    seen.add(other)
                    ahead.append(other)
                    found.append(Hop(other, key, depth))
        front = ahead
    return found
