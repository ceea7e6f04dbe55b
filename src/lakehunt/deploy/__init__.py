"""What lakehunt puts into an account: tables, views, saved queries, a workgroup, policies.

A `Stack` is the whole as a value; it is printed in several formats, compared with an account as a
`Plan`, and acted upon by `account`, the one module here that talks to AWS.
"""
