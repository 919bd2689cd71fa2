"""What an agent answered, without what only it may know: the run's secrets and those of its own settings."""

from dataclasses import replace

from schedules.agents import secret_settings
from schedules.runs.claimed import Claimed
from schedules.secrets.masking import Masker
from schedules.secrets.payloads import clear_secrets
from workers.runtimes.base import Answer, CallFailed

_SCHEMA_NAMES = """
    acknowledged_safety_checks action actions annotations approval_request_id approve arguments audio bytes
    cached_tokens call_id code container_id content created_at data detail encrypted_content end_index
    environment error exit_code file_data file_id file_url filename format id image_url index input
    input_audio input_schema input_tokens input_tokens_details keys logprobs logs max_output_length message
    name namespace operation outcome output output_tokens output_tokens_details path pattern patterns
    pending_safety_checks phase queries query reason reasoning_tokens refusal request_id result results role
    score scroll_x scroll_y server_label sources start_index status stderr stdout summary text timeout_ms
    title token tools top_logprobs total_tokens transcript type url usage
"""
SCHEMA_NAMES = frozenset(_SCHEMA_NAMES.split())
"""The names that response items and their usage have in the OpenResponses schema: a variable that happens to hold
one of these words must not make an answer unreadable."""


def masked_answer(answer: Answer, claimed: Claimed) -> Answer:
    """The answer with its secrets masked; the response's id stays as it is, so that it can be looked up."""
    secrets = _secrets(claimed)
    if not secrets:
        return answer
    masker = Masker(secrets)
    return replace(
        answer,
        output=masker.value(answer.output, SCHEMA_NAMES),
        output_text=masker.text(answer.output_text),
        usage=masker.value(answer.usage, SCHEMA_NAMES),
        trace_id=masker.value(answer.trace_id),
        span_id=masker.value(answer.span_id),
        model=masker.value(answer.model),
    )


def masked_failure(failure: CallFailed, claimed: Claimed) -> CallFailed:
    """The failure with the secrets in its words masked."""
    answer = failure.answer and masked_answer(failure.answer, claimed)
    return failure.reworded(
        Masker(_secrets(claimed)).text(failure.message), failure.response_id or "", answer
    )


def _secrets(claimed: Claimed) -> list[str]:
    return [*clear_secrets(claimed.payload), *secret_settings.clear_secrets(claimed.agent)]
