"""What OpenAI's API refuses before a model is asked: unknown parameters, missing ones, metadata beyond its limits."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

_RESPONSES_NAMES: Final = """
    background context_management conversation include input instructions max_output_tokens
    max_tool_calls metadata model parallel_tool_calls previous_response_id prompt prompt_cache_key
    prompt_cache_retention reasoning safety_identifier service_tier store stream stream_options
    temperature text tool_choice tools top_logprobs top_p truncation user
"""
_CHAT_NAMES: Final = """
    audio frequency_penalty function_call functions logit_bias logprobs max_completion_tokens max_tokens
    messages metadata modalities model n parallel_tool_calls prediction presence_penalty
    prompt_cache_key prompt_cache_retention reasoning_effort response_format safety_identifier seed
    service_tier stop store stream stream_options temperature tool_choice tools top_logprobs top_p user
    verbosity web_search_options
"""
RESPONSES: Final = frozenset(_RESPONSES_NAMES.split())
CHAT: Final = frozenset(_CHAT_NAMES.split())
PAIRS, NAME_LENGTH, VALUE_LENGTH = 16, 64, 512


@dataclass(frozen=True, slots=True)
class Refusal:
    """An error as the API words it."""

    status: int
    message: str
    code: str | None = None
    param: str | None = None
    type: str = "invalid_request_error"

    @property
    def body(self) -> dict[str, Any]:
        """The error document."""
        return {
            "error": {"message": self.message, "type": self.type, "param": self.param, "code": self.code},
        }


def refusal(body: Any, known: frozenset[str], required: str, models: frozenset[str]) -> Refusal | None:
    """The first reason to refuse this body; None: the model is asked."""
    if not isinstance(body, dict):
        return Refusal(400, "We could not parse the JSON body of your request.")
    return next(_objections(body, known, required, models), None)


def _objections(
    body: dict[str, Any], known: frozenset[str], required: str, models: frozenset[str]
) -> Iterator[Refusal]:
    for name in body:
        if name not in known:
            yield Refusal(400, f"Unknown parameter: '{name}'.", "unknown_parameter", name)
    for name in ("model", required):
        if body.get(name) is None:
            yield Refusal(400, f"Missing required parameter: '{name}'.", "missing_required_parameter", name)
    if body["model"] not in models:
        status = 400 if known is RESPONSES else 404
        yield Refusal(
            status, f"The requested model '{body['model']}' does not exist.", "model_not_found", "model"
        )
    yield from _about_metadata(body.get("metadata"))
    if body.get("background") and body.get("store") is False:
        yield Refusal(400, "Background mode requires 'store' to be true.", None, "background")


def _about_metadata(metadata: Any) -> Iterator[Refusal]:
    if metadata is None:
        return
    if not isinstance(metadata, dict):
        yield Refusal(400, "Invalid type for 'metadata': expected an object.", "invalid_type", "metadata")
        return
    if len(metadata) > PAIRS:
        message = (
            f"Invalid 'metadata': too many properties. Expected at most {PAIRS}, but got {len(metadata)}."
        )
        yield Refusal(400, message, "object_above_max_properties", "metadata")
    for name, value in metadata.items():
        yield from _about_pair(name, value)


def _about_pair(name: str, value: Any) -> Iterator[Refusal]:
    param = f"metadata.{name}"
    if len(name) > NAME_LENGTH:
        message = f"Invalid property name in 'metadata': expected at most {NAME_LENGTH} characters."
        yield Refusal(400, message, "property_name_above_max_length", "metadata")
    if not isinstance(value, str):
        yield Refusal(400, f"Invalid type for '{param}': expected a string.", "invalid_type", param)
    elif len(value) > VALUE_LENGTH:
        message = f"Invalid '{param}': string too long. Expected at most {VALUE_LENGTH} characters."
        yield Refusal(400, message, "string_above_max_length", param)
