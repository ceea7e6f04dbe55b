"""The one door to S3: which objects lie there, and their bytes, each fetched once.

Knows S3, layouts and partition bounds, no engine. Engines and workflows call it.
"""
