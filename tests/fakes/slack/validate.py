"""blocks.validate: says what is wrong with blocks, a message or a view, without posting anything.

It does not miss a fallback text, and whether it knows the budget of a whole message is not known;
here it does not, so a doctor that relies on it alone is caught out.
"""

from tests.fakes.slack.blocks import IN_MESSAGE, MESSAGE_BLOCKS, check_blocks
from tests.fakes.slack.http import Call
from tests.fakes.slack.refusals import Form, Json, Refusal
from tests.fakes.slack.views import check_view


def validate(call: Call, unknown_types: frozenset[str]) -> Json:
    given = [name for name in ("blocks", "message", "view") if name in call.arguments]
    if len(given) != 1:
        raise Refusal("invalid_arguments", ["exactly one of blocks, message or view"])
    value = call.json(given[0], "invalid_json")
    if given == ["view"]:
        check_view(value, unknown_types)
        return {}
    blocks = value.get("blocks") if given == ["message"] and isinstance(value, dict) else value
    form = Form()
    check_blocks(form, ("blocks",), blocks, IN_MESSAGE - unknown_types, MESSAGE_BLOCKS)
    form.refuse("invalid_blocks")
    return {}
