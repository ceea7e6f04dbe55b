"""A local Athena: S3, Glue and Athena on loopback, whose queries really run, on DuckDB.

Knows every floor below. The command `sandbox` and the pytest fixture `lakehunt_sandbox` use it:
`lakehunt.sandbox.server.Sandbox` serves, `lakehunt.sandbox.faults.Faults` makes things go wrong.
"""
