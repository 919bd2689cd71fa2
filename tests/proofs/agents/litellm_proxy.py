"""LiteLLM's proxy in front of a strict OpenAI: what the model received is what the strict server wrote down."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import httpx2

from tests.proofs.agents.environments import python_of
from tests.proofs.agents.program import Program
from tests.proofs.agents.strict_openai import MODEL, StrictOpenAi

MASTER_KEY: Final = "sk-lane-7f3a91c5"
"""Not the one of the documentation: LiteLLM warns about that, and so may scanners."""
QUIET: Final = {
    "LITELLM_TELEMETRY": "False",
    "LITELLM_LOCAL_MODEL_COST_MAP": "True",
    "LITELLM_LOCAL_ANTHROPIC_BETA_HEADERS": "True",
    "LITELLM_LOCAL_AUTOROUTER_PRESETS": "True",
    "LITELLM_LOCAL_BLOG_POSTS": "True",
    "LITELLM_LOCAL_POLICY_TEMPLATES": "True",
    "NO_DOCS": "True",
}
"""It reports nothing, and takes the lists that it has instead of newer ones."""
ALIAS: Final = "briefing"
OTHERS: Final = tuple(f"trial-{number}" for number in range(12))
"""More models, each for one test to `will` as it likes."""


@dataclass(frozen=True, slots=True)
class LiteLlm:
    """The proxy and the model behind it."""

    program: Program
    upstream: StrictOpenAi

    @property
    def url(self) -> str:
        """Agents' base URL."""
        return self.program.url

    def client(self) -> httpx2.Client:
        """A client with the master key."""
        return self.program.client(Authorization=f"Bearer {MASTER_KEY}")


@contextmanager
def litellm_proxy(folder: Path) -> Iterator[LiteLlm]:
    """Both, running; the model is called `briefing` here and gpt-5.2 upstream."""
    with StrictOpenAi(MODEL, *OTHERS) as upstream:
        config = folder / "config.yaml"
        config.write_text(json.dumps(_config(upstream)))  # JSON is YAML
        python = python_of("litellm")

        def command(port: int) -> list[str]:
            fixed = ["--config", str(config), "--host", "127.0.0.1", "--telemetry", "False"]
            return [str(python.with_name("litellm")), *fixed, "--port", str(port)]

        with Program(
            "litellm", command, folder, ready_path="/health/liveliness", environment=QUIET
        ) as program:
            yield LiteLlm(program, upstream)


def _config(upstream: StrictOpenAi) -> dict[str, object]:
    behind = {"api_base": f"{upstream.url}/v1", "api_key": upstream.key}
    models = {ALIAS: MODEL, **{name: name for name in OTHERS}}
    return {
        "model_list": [
            {"model_name": name, "litellm_params": {"model": f"openai/{model}", **behind}}
            for name, model in models.items()
        ],
        # A retry of LiteLLM's own would hide how often it was called.
        "litellm_settings": {"telemetry": False, "num_retries": 0},
        # One bad answer would make the next seconds' answers 429 without the model being asked.
        "router_settings": {"disable_cooldowns": True},
        "general_settings": {"master_key": MASTER_KEY},
    }
