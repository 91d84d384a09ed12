"""The config's JSON schema, written out for editors and readers: ``make schema``."""

import json

from advscape.study.config.study import Study


def schema_text() -> str:
    """The schema of a study's config as JSON text."""
    schema = Study.model_json_schema()
    schema = {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}
    return json.dumps(schema, indent=2) + "\n"


if __name__ == "__main__":
    print(schema_text(), end="")
