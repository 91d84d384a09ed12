"""Records into HTML: the modules say what there is to tell, the templates how it looks."""

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

_TEMPLATES = Environment(
    loader=PackageLoader("advscape.report"),  # the folder `templates` beside this module
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
    keep_trailing_newline=True,
)


def render(template: str, **records: object) -> Markup:
    """Fill in a template; every text but that of other templates is escaped.

    Args:
        template: name of a file in ``templates``.
        records: what it shows, by the names that it has for them.

    Returns:
        HTML, which other templates take as it is.

    Raises:
        jinja2.UndefinedError: the template names what is not there.
    """
    return Markup(_TEMPLATES.get_template(template).render(records))
