"""What moto's Athena lacks: changing workgroups and saved queries, reading them in batches.

It must not know lakehunt. The server of the cloud tests is completed with it.
"""

import json

from moto.athena.responses import AthenaResponse

_Answer = str | tuple[str, dict[str, int]]


def get_work_group(self: AthenaResponse) -> _Answer:
    name = self._get_param("WorkGroup")
    group = self.athena_backend.get_work_group(name)
    if group is None:
        return self.error(f"WorkGroup {name} is not found.", 400)
    return json.dumps({"WorkGroup": group})


def update_work_group(self: AthenaResponse) -> _Answer:
    group = self.athena_backend.work_groups[self._get_param("WorkGroup")]
    group.description = self._get_param("Description") or group.description
    updates = dict(self._get_param("ConfigurationUpdates") or {})
    results = updates.pop("ResultConfigurationUpdates", {})
    group.configuration = {
        **group.configuration,
        **updates,
        "ResultConfiguration": {**group.configuration.get("ResultConfiguration", {}), **results},
    }
    return "{}"


def batch_get_named_query(self: AthenaResponse) -> _Answer:
    found = (self.athena_backend.get_named_query(id_) for id_ in self._get_param("NamedQueryIds"))
    queries = [
        {
            "Name": query.name,
            "Description": query.description,
            "Database": query.database,
            "QueryString": query.query_string,
            "NamedQueryId": query.id,
            "WorkGroup": query.workgroup.name,
        }
        for query in found
        if query is not None
    ]
    return json.dumps({"NamedQueries": queries, "UnprocessedNamedQueryIds": []})


def update_named_query(self: AthenaResponse) -> _Answer:
    query = self.athena_backend.get_named_query(self._get_param("NamedQueryId"))
    if query is None:
        return self.error("NamedQuery does not exist", 400)
    query.name = self._get_param("Name")
    query.description = self._get_param("Description")
    query.query_string = self._get_param("QueryString")
    return "{}"


COMPLETED = (get_work_group, update_work_group, batch_get_named_query, update_named_query)


def complete() -> None:
    """Give moto's Athena these calls."""
    for call in COMPLETED:
        setattr(AthenaResponse, call.__name__, call)
