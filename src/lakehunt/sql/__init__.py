"""The language: parse, bind, narrow, derive partition bounds, extract scans, print.

Each step is one function from tree to tree or from tree to a value. Knows sources by their
model, nothing of engines or files.
"""
