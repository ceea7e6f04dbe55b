"""Makes the demo lake: seeded ordinary log events with one attack told through them.

What is replayed is `ordinary.yaml` and `attack.yaml`; the code knows no log source. `cli` calls it.
"""

from lakehunt.demo.lake import DemoLake, make_lake

__all__ = ["DemoLake", "make_lake"]
