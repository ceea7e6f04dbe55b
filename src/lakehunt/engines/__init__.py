"""What runs a statement: the local engine here, Athena and Trino beside it. Engines never meet."""
