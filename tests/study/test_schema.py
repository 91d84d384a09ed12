import json

from advscape.study.schema import schema_text
from tests.conftest import ROOT


def test_written_schema_is_the_typed_config():
    assert (ROOT / "workflow/schemas/config.schema.json").read_text() == schema_text()


def test_every_key_has_a_description():
    schema = json.loads(schema_text())
    sections = [schema, *schema["$defs"].values()]
    bare = [
        f"{section['title']}.{key}"
        for section in sections
        for key, field in section.get("properties", {}).items()
        if not field.get("description")
    ]
    assert bare == []
