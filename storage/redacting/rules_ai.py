"""Formats of AI providers and the tools around them, one row each.

Facts come from the key formats each vendor shows in its console and documentation.
"""

from __future__ import annotations

from storage.redacting.rule import Rule

# Expressions are not broken over lines: a rule is compared with its format at a glance.

RULES: tuple[Rule, ...] = (
    Rule("openai-project-key", "OpenAI project key", "sk-proj-{w20,}"),
    Rule("openai-service-key", "OpenAI service account key", "sk-svcacct-{w20,}"),
    Rule("openai-admin-key", "OpenAI admin key", "sk-admin-{w20,}"),
    Rule("openai-key", "OpenAI user key", "sk-(None-|){a20}T3BlbkFJ{a20}"),
    Rule("openai-session", "OpenAI session token", "sess-{a40}"),
    Rule(
        "sk-key",
        "sk- keys of several providers (OpenAI legacy, Stability, Moonshot, DashScope, DeepSeek)",
        "sk-{a32,64}",
        check="digit",
        entropy=3.0,
    ),
    Rule(
        "anthropic-key",
        "Anthropic API, admin, OAuth, refresh and session keys",
        "sk-ant-(api|admin|oat|ort|sid|usr){d2}-{w32,}",
    ),
    Rule("groq-key", "Groq", "gsk_{a40,64}"),
    Rule("xai-key", "xAI", "xai-{a60,100}"),
    Rule("xai-token", "xAI management token", "xai-token-{a60,100}"),
    Rule("perplexity-key", "Perplexity", "pplx-{a40,64}"),
    Rule("huggingface-token", "Hugging Face user access token", "hf_{a30,42}", entropy=3.2),
    Rule("huggingface-org-token", "Hugging Face organisation token", "api_org_{e34}", entropy=3.2),
    Rule("huggingface-oauth", "Hugging Face OAuth app secret", "oauth_app_secret_{a32,64}"),
    Rule("replicate-token", "Replicate", "r8_{a37}"),
    Rule("together-key", "Together AI", "tgp_v1_{w40,48}"),
    Rule("fireworks-key", "Fireworks AI", "fw_{a22,48}", check="digit", entropy=3.2),
    Rule("openrouter-key", "OpenRouter", "sk-or-v1-{h64}"),
    Rule("cerebras-key", "Cerebras", "csk-{a48}"),
    Rule("langsmith-key", "LangSmith", "lsv2_(pt|sk)_{h32}_{h10}"),
    Rule("langsmith-legacy-key", "LangSmith legacy", "ls__{h32}"),
    Rule("langfuse-secret", "Langfuse secret key", "sk-lf-{u}"),
    Rule("pinecone-key", "Pinecone", "pcsk_{v40,100}", entropy=3.2),
    Rule("wandb-key", "Weights & Biases v1", "wandb_v1_{v40,}"),
    Rule("tavily-key", "Tavily", "tvly-(dev-|prod-|){a30,48}"),
    Rule("firecrawl-key", "Firecrawl", "fc-{h32}"),
    Rule("jina-key", "Jina AI", "jina_{w50,80}"),
    Rule("voyage-key", "Voyage AI", "pa-{w43}", check="mixed", entropy=3.6),
    Rule("nvidia-key", "NVIDIA NIM", "nvapi-{w50,90}"),
    Rule("anyscale-key", "Anyscale", "esecret_{l24,40}"),
    Rule("runpod-key", "RunPod", "rpa_{U30,60}"),
    Rule("modal-id", "Modal token id", "ak-{a22}", check="mixed", entropy=3.4),
    Rule("modal-secret", "Modal token secret", "as-{a22}", check="mixed", entropy=3.4),
    Rule("helicone-key", "Helicone", "sk-helicone-{w16,60}"),
    Rule("elevenlabs-key", "ElevenLabs", "sk_{h48}"),
    Rule("e2b-key", "E2B", "e2b_{h40}"),
    Rule("browserbase-key", "Browserbase", "bb_(live|test)_{w20,40}"),
    Rule("apify-token", "Apify", "apify_(api|proxy)_{a30,40}"),
    Rule("cursor-key", "Cursor", "(key|crsr)_{h64}"),
    Rule("llama-cloud-key", "LlamaCloud", "llx-{a48,56}"),
    Rule("mem0-key", "Mem0", "m0-{a40}"),
    Rule("featherless-key", "Featherless", "rc_{h64}"),
    Rule("inngest-key", "Inngest signing key", "signkey-(prod|test|branch)-{h64}"),
    Rule("trigger-key", "Trigger.dev", "tr_(dev|prod|stg|pat)_{a20,48}"),
    Rule("zhipu-key", "Zhipu AI", "{h32}.{a16}", check="mixed", entropy=3.4, edge="./-"),
    Rule("vercel-gateway-key", "Vercel AI gateway", "vck_{a50,64}"),
    Rule("portkey-key", "Portkey virtual key", "pk-live-{w20,60}"),
    Rule("composio-key", "Composio", "ak_{w20}", check="mixed", entropy=3.4),
    Rule("braintrust-key", "Braintrust", "sk-bt-(ep-|){a40,60}"),
    Rule("unkey-root-key", "Unkey root key", "unkey_{a20,40}"),
    Rule("cohere-key", "Cohere production key", "co_{a38,44}", check="mixed"),
    Rule("lambda-cloud-key", "Lambda Cloud", "secret_{h20,40}_{h8,40}.{a20,60}"),
    Rule("xata-key", "Xata", "xau_{a30,48}"),
    Rule("gemini-oauth", "Gemini API short key", "AQ.Ab8{w30,}"),
)
