"""How real servers refuse the form of a request: a length, a field, a role; in their own words.

The texts are those of the servers named, with their statuses; tokens are counted as one for four
bytes of the messages, as their tokenizers do for prose.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from tests.fakes.seeing import images_of, tokens_of_images, words_in

Told = tuple[int, Any]


@dataclass(frozen=True, slots=True)
class Refusal:
    """`length` refuses what exceeds `context` tokens, `completion` a cap above it, `field` a request
    that has the field `name`, `missing` one that has it not, `system` one with that role; in the
    words of `style`; `search` forbids to search the web."""

    kind: Literal["length", "completion", "field", "missing", "system", "search"]
    style: str
    name: str = ""
    context: int = 0

    def told(self, body: Mapping[str, Any]) -> Told | None:
        """Status and JSON of the refusal; `None` for a request that is taken."""
        match self.kind:
            case "length":
                prompt, cap = prompt_tokens(body), cap_of(body)
                taken = prompt + cap <= self.context
                return None if taken else LENGTHS[self.style](prompt, cap, self.context)
            case "completion":
                cap = cap_of(body)
                return None if cap <= self.context else COMPLETIONS[self.style](cap, self.context)
            case "field":
                return FIELDS[self.style](self.name) if self.name in body else None
            case "missing":
                return None if self.name in body else MISSING[self.style](self.name)
            case "search":
                return SEARCHES[self.style] if "tools" in body else None
            case "system":
                roles = [message["role"] for message in body["messages"]]
                return SYSTEMS[self.style] if "system" in roles else None


def prompt_tokens(body: Mapping[str, Any]) -> int:
    text = "".join(map(words_in, body["messages"]))
    return len(text.encode()) // 4 + tokens_of_images(images_of(body["messages"])) + 8


def cap_of(body: Mapping[str, Any]) -> int:
    return int(body.get("max_completion_tokens") or body.get("max_tokens") or 0)


def _openai(message: str, code: str | None, param: str | None, status: int = 400) -> Told:
    error = {"message": message, "type": "invalid_request_error", "param": param, "code": code}
    return status, {"error": error}


def _flat(message: str, status: int = 400) -> Told:
    """vLLM before it followed OpenAI's shape."""
    return status, {
        "object": "error",
        "message": message,
        "type": "BadRequestError",
        "code": status,
    }


LENGTHS: Mapping[str, Callable[[int, int, int], Told]] = {
    "openai": lambda prompt, cap, context: _openai(
        f"This model's maximum context length is {context} tokens. However, you requested "
        f"{prompt + cap} tokens ({prompt} in the messages, {cap} in the completion). Please reduce "
        "the length of the messages or completion.",
        "context_length_exceeded",
        "messages",
    ),
    "vllm": lambda prompt, cap, context: _flat(
        f"'max_tokens' or 'max_completion_tokens' is too large: {cap}. This model's maximum context "
        f"length is {context} tokens and your request has {prompt} input tokens "
        f"({cap} > {context} - {prompt})."
    ),
    "vllm_input": lambda prompt, cap, context: _openai(
        f"You passed {prompt} input tokens and requested {cap} output tokens. However, the model's "
        f"context length is only {context} tokens, resulting in a maximum input length of "
        f"{max(context - cap, 0)} tokens.",
        None,
        "input_tokens",
    ),
    "llama.cpp": lambda prompt, cap, context: (
        400,
        {
            "error": {
                "code": 400,
                "message": f"request ({prompt} tokens) exceeds the available context size "
                f"({context} tokens), try increasing it",
                "type": "exceed_context_size_error",
                "n_prompt_tokens": prompt,
                "n_ctx": context,
            }
        },
    ),
    "groq": lambda prompt, cap, context: (
        413,
        {
            "error": {
                "message": "Request too large for model `m` in organization `org_01` service tier "
                f"`on_demand` on tokens per minute (TPM): Limit {context}, Requested {prompt + cap}, "
                "please reduce your message size and try again. Need more tokens? Upgrade today.",
                "type": "tokens",
                "code": "rate_limit_exceeded",
            }
        },
    ),
    "openrouter": lambda prompt, cap, context: _openai(
        f"This endpoint's maximum context length is {context} tokens. However, you requested about "
        f"{prompt + cap} tokens ({prompt} of text input, {cap} in the output). Please reduce the "
        "length of either one, or use the context-compression plugin.",
        "400",
        None,
    ),
    "anthropic": lambda prompt, cap, context: (
        400,
        {
            "type": "error",
            "error": {
                "type": "invalid_request_error",
                "message": f"input length and `max_tokens` exceed context limit: {prompt} + {cap} > "
                f"{context}, decrease input length or `max_tokens` and try again",
            },
        },
    ),
    "tgi": lambda prompt, cap, context: (
        422,
        {
            "error": f"Input validation error: `inputs` tokens + `max_new_tokens` must be <= {context}."
            f" Given: {prompt} `inputs` tokens and {cap} `max_new_tokens`",
            "error_type": "validation",
        },
    ),
    "github": lambda prompt, cap, context: _openai(
        f"Request body too large for m model. Max size: {context} tokens.",
        "tokens_limit_reached",
        None,
        413,
    ),
    "mistral": lambda prompt, cap, context: _flat(
        f"Prompt contains {prompt} tokens and 0 draft tokens, too large for model with {context:,} "
        "maximum context length"
    ),
    "cerebras": lambda prompt, cap, context: _openai(
        "Please reduce the length of the messages or completion. Current length is "
        f"{prompt + cap} while limit is {context}",
        "context_length_exceeded",
        "messages",
    ),
    "lmstudio": lambda prompt, cap, context: (
        400,
        {
            "error": f"Trying to keep the first {prompt} tokens when context the overflows. However, "
            f"the model is loaded with context length of only {context} tokens, which is not enough. "
            "Try to load the model with a larger context length, or provide a shorter input"
        },
    ),
    "silent": lambda prompt, cap, context: (
        400,
        {"detail": "Input is too long for requested model."},
    ),
}

COMPLETIONS: Mapping[str, Callable[[int, int], Told]] = {
    "openai": lambda cap, most: _openai(
        f"max_tokens is too large: {cap}. This model supports at most {most} completion tokens, "
        f"whereas you provided {cap}.",
        "invalid_value",
        "max_tokens",
    ),
    "anthropic": lambda cap, most: (
        400,
        {
            "type": "error",
            "error": {
                "type": "invalid_request_error",
                "message": f"max_tokens: {cap} > {most}, which is the maximum allowed number of "
                "output tokens for m",
            },
        },
    ),
    "deepseek": lambda cap, most: _openai(
        f"Invalid max_tokens value, the valid range of max_tokens is [1, {most}]",
        "invalid_request_error",
        None,
    ),
    "groq": lambda cap, most: _openai(
        f"`max_completion_tokens` must be less than or equal to `{most}`, the maximum value for "
        "`max_completion_tokens` is less than the `context_window` for this model",
        None,
        "max_completion_tokens",
    ),
    "gemini": lambda cap, most: _openai(
        f"Unable to submit request because it has a maxOutputTokens value of {cap} but the supported "
        f"range is from 1 (inclusive) to {most + 1} (exclusive). Update the value and try again.",
        None,
        None,
    ),
    "pydantic": lambda cap, most: (
        422,
        {
            "detail": [
                {
                    "type": "less_than_equal",
                    "loc": ["body", "max_completion_tokens"],
                    "msg": f"Input should be less than or equal to {most}",
                    "input": cap,
                    "ctx": {"le": most},
                }
            ]
        },
    ),
}

# What OpenRouter says of one is nowhere documented; its errors have this shape.
SEARCHES: Mapping[str, Told] = {
    style: (403, {"error": {"code": 403, "message": message}})
    for style, message in {
        "region": "Server tool openrouter:web_search is not available in this region.",
        "guardrail": "Web search is disabled for this API key.",
    }.items()
}

FIELDS: Mapping[str, Callable[[str], Told]] = {
    "fastapi": lambda name: (422, {"detail": [{"loc": ["body", name], "msg": "not permitted"}]}),
    "pydantic": lambda name: (
        422,
        {
            "detail": [
                {
                    "type": "extra_forbidden",
                    "loc": ["body", name],
                    "msg": "Extra inputs are not permitted",
                    "input": 800,
                }
            ]
        },
    ),
    "mistral": lambda name: (
        422,
        {
            "object": "error",
            "message": {
                "detail": [
                    {
                        "type": "extra_forbidden",
                        "loc": ["body", name],
                        "msg": "Extra inputs are not permitted",
                    }
                ]
            },
            "type": "invalid_request_error",
        },
    ),
    "openai": lambda name: _openai(
        f"Unsupported parameter: '{name}' is not supported with this model.",
        "unsupported_parameter",
        name,
    ),
    "openai_old": lambda name: _openai(
        f"Unrecognized request argument supplied: {name}", None, None
    ),
    "groq": lambda name: _openai(f"property '{name}' is unsupported", None, None),
    "gemini": lambda name: (
        400,
        [
            {
                "error": {
                    "code": 400,
                    "message": f'Invalid JSON payload received. Unknown name "{name}": Cannot find '
                    "field.",
                    "status": "INVALID_ARGUMENT",
                    "details": [{"fieldViolations": [{"description": f'Unknown name "{name}"'}]}],
                }
            }
        ],
    ),
    "go": lambda name: (400, {"error": f'json: unknown field "{name}"'}),
    "serde": lambda name: (
        400,
        {
            "message": f"unknown field `{name}`, expected one of `messages`, `model`, `max_tokens`, "
            "`stream`, `stop`"
        },
    ),
    "bedrock": lambda name: (
        400,
        {"message": f"Malformed input request: #: extraneous key [{name}] is not permitted"},
    ),
    "python": lambda name: (
        500,
        {"detail": f"create() got an unexpected keyword argument '{name}'"},
    ),
    "litellm": lambda name: _openai(
        f"litellm.UnsupportedParamsError: openai does not support parameters: ['{name}'], for "
        "model=m. To drop these, set `litellm.drop_params=True`.",
        "400",
        None,
    ),
    "camel": lambda name: _openai(
        f"Model m does not support parameter {_camel(name)}.", "invalid-argument", None
    ),
}

MISSING: Mapping[str, Callable[[str], Told]] = {
    "pydantic": lambda name: (
        422,
        {"detail": [{"type": "missing", "loc": ["body", name], "msg": "Field required"}]},
    ),
    "anthropic": lambda name: _openai(f"{name}: Field required", None, None),
}

SYSTEMS: Mapping[str, Told] = {
    "vllm": _flat("System role not supported"),
    "openai": _openai(
        "Unsupported value: 'messages[0].role' does not support 'system' with this model.",
        "unsupported_value",
        "messages[0].role",
    ),
    "gemini": (
        400,
        [
            {
                "error": {
                    "code": 400,
                    "message": "Developer instruction is not enabled for models/gemma-3-27b-it",
                    "status": "INVALID_ARGUMENT",
                }
            }
        ],
    ),
    "tgi": (
        422,
        {
            "error": "Template error: invalid operation: Conversation roles must alternate "
            "user/assistant/user/assistant/... (in <string>:1)",
            "error_type": "template_error",
        },
    ),
    "llama.cpp": (
        500,
        {"error": {"code": 500, "message": "Only user and assistant roles are supported!"}},
    ),
    "pydantic": (
        422,
        {
            "detail": [
                {
                    "type": "literal_error",
                    "loc": ["body", "messages", 0, "role"],
                    "msg": "Input should be 'user' or 'assistant'",
                }
            ]
        },
    ),
}


def _camel(name: str) -> str:
    first, *others = name.split("_")
    return first + "".join(other.capitalize() for other in others)


# How servers refuse an image to a model that sees none.
BLIND: Mapping[str, Callable[[str], Told]] = {
    "openrouter": lambda model: (
        404,
        {"error": {"message": "No endpoints found that support image input", "code": 404}},
    ),
    "deepseek": lambda model: _openai(
        "Failed to deserialize the JSON body into the target type: messages[1]: unknown variant "
        "`image_url`, expected `text` at line 1 column 679289",
        "invalid_request_error",
        None,
    ),
    "llama.cpp": lambda model: (
        500,
        {
            "error": {
                "code": 500,
                "message": "image input is not supported - hint: if this is unexpected, you may need "
                "to provide the mmproj",
                "type": "server_error",
            }
        },
    ),
    "llama.cpp_before": lambda model: (
        500,
        {
            "error": {
                "code": 500,
                "message": 'Failed to parse messages: Unsupported content part type: "image_url"',
                "type": "server_error",
            }
        },
    ),
    "vllm": lambda model: _flat(f"{model} is not a multimodal model"),
    "vllm_one": lambda model: _flat("At most 1 image(s) may be provided in one request."),
    "lm_studio": lambda model: (
        400,
        {"error": "Model does not support images. Please use a model that does."},
    ),
    "groq": lambda model: _openai(
        "'messages.1' : for 'role:user' the following must be satisfied[('messages.1.content' : value "
        "must be a string)]",
        None,
        None,
    ),
    "openai": lambda model: _openai(
        "Invalid content type. image_url is only supported by certain models.",
        None,
        "messages.[1].content.[1].type",
    ),
    "openai_by_openrouter": lambda model: (
        400,
        {
            "error": {
                "code": 400,
                "message": "Provider returned error",
                "metadata": {
                    "provider_name": "OpenAI",
                    "raw": '{"error": {"message": "Invalid content type. image_url is only supported '
                    'by certain models.", "param": "messages.[0].content.[1].type"}}',
                },
            }
        },
    ),
    "anthropic_size": lambda model: _openai(
        "messages.0.content.1.image.source.base64.data: At least one of the image dimensions exceed "
        "max allowed size: 8000 pixels",
        None,
        None,
    ),
    "tinker": lambda model: (
        422,
        {
            "detail": "Validation Error",
            "errors": [
                {
                    "loc": "body -> messages -> 0 -> content -> list[TextContentPart] -> 0 -> type",
                    "msg": "Input should be 'text'",
                    "type": "literal_error",
                }
            ],
        },
    ),
}
