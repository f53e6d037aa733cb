"""Tokens as vendors issue them, and places where people meet them.

Written from the vendors' documents, not from the rule table: a row here that no rule knows is a hole. The checksums of
GitHub and npm are real ones, so a stricter rule would not pass by refusing them.
"""

from __future__ import annotations

import base64
import json
import random
import re
import string
import zlib
from collections.abc import Callable

from storage.redacting.rule import instance

BASE62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"


def base62_crc32(payload: str) -> str:
    """CRC-32 of `payload` as six base-62 digits, the tail GitHub and npm put on their tokens.

    Source: GitHub engineering blog, "Behind GitHub's new authentication token formats" (2021).
    """
    number = zlib.crc32(payload.encode())
    digits = ""
    for _ in range(6):
        number, digit = divmod(number, 62)
        digits = BASE62[digit] + digits
    return digits


SHAPES: dict[str, str] = {
    "github fine-grained": "github_pat_{a22}_{a59}",
    "gitlab personal": "glpat-{w20}",
    "gitlab routable": "glpat-{w27}.01.{l9}",
    "gitlab routable, older": "glpat-{w27}.{l9}",
    "gitlab deploy": "gldt-{w20}",
    "gitlab runner": "glrt-{w20}",
    "gitlab runner, typed": "glrt-t1_{w20}",
    "gitlab runner registration": "GR1348941{w20}",
    "gitlab ci job": "glcbt-64_{w20}",
    "gitlab pipeline trigger": "glptt-{h40}",
    "gitlab feed": "glft-{w20}",
    "gitlab incoming mail": "glimt-{w25}",
    "gitlab agent": "glagent-{w50}",
    "gitlab oauth app": "gloas-{h64}",
    "gitlab scim": "glsoat-{w20}",
    "bitbucket app password": "ATBB{a32}",
    "atlassian cloud": "ATATT3xFfGF0{w171}={H8}",
    "atlassian admin": "ATCTT3xFfGN0{w171}={H8}",
    "aws access key": "AKIA{t16}",
    "aws temporary key": "ASIA{t16}",
    "aws bedrock key": "ABSK{b128}",
    "google api key": "AIzaSy{w33}",
    "google access token": "ya29.a0{w180}",
    "google refresh token": "1//0{w61}",
    "google client secret": "GOCSPX-{w28}",
    "azure client secret": "{a3}8Q~{w34}",
    "azure devops": "{a76}AZDO{a4}",
    "azure openai": "{a52}JQQJ99{a26}",
    "alibaba": "LTAI5t{a18}",
    "digitalocean personal": "dop_v1_{h64}",
    "digitalocean oauth": "doo_v1_{h64}",
    "digitalocean refresh": "dor_v1_{h64}",
    "heroku": "HRKU-AA{w58}",
    "heroku, older": "HRKU-{u}",
    "fly": "fm2_{b180}",
    "netlify": "nfp_{a36}",
    "supabase personal": "sbp_{h40}",
    "supabase secret": "sb_secret_{w31}",
    "neon": "napi_{l64}",
    "planetscale": "pscale_tkn_{w43}",
    "planetscale password": "pscale_pw_{w43}",
    "databricks": "dapi{h32}",
    "doppler personal": "dp.pt.{a43}",
    "doppler service": "dp.st.dev.{a43}",
    "vault service": "hvs.{w90}",
    "vault batch": "hvb.{w138}",
    "terraform cloud": "{a14}.atlasv1.{a67}",
    "pulumi": "pul-{h40}",
    "tailscale auth": "tskey-auth-{a11}CNTRL-{a32}",
    "tailscale api": "tskey-api-{a11}CNTRL-{a32}",
    "launchdarkly sdk": "sdk-{u}",
    "1password service account": "ops_eyJ{a400}",
    "1password secret key": "A3-{U6}-{U6}-{U5}-{U5}-{U5}-{U5}",
    "age": "AGE-SECRET-KEY-1{z58}",
    "circleci": "CCIPAT_{a22}_{h40}",
    "buildkite": "bkua_{h40}",
    "buildkite agent": "bkct_{h40}",
    "sonarqube user": "squ_{h40}",
    "sonarqube project": "sqp_{h40}",
    "sourcegraph": "sgp_{h16}_{h40}",
    "postman": "PMAK-{h24}-{h34}",
    "jfrog": "AKCp{a69}",
    "docker hub": "dckr_pat_{w27}",
    "docker organisation": "dckr_oat_{w32}",
    "pypi": "pypi-AgEIcHlwaS5vcmcCJ{w140}",
    "pypi test": "pypi-AgENdGVzdC5weXBpLm9yZw{w140}",
    "rubygems": "rubygems_{h48}",
    "crates": "cio{a32}",
    "nuget": "oy2{l43}",
    "clojars": "CLOJARS_{h60}",
    "openai project": "sk-proj-{w74}T3BlbkFJ{w74}",
    "openai service": "sk-svcacct-{w74}T3BlbkFJ{w74}",
    "openai admin": "sk-admin-{w74}T3BlbkFJ{w74}",
    "openai user": "sk-{a20}T3BlbkFJ{a20}",
    "anthropic": "sk-ant-api03-{w93}AA",
    "anthropic admin": "sk-ant-admin01-{w93}AA",
    "claude oauth": "sk-ant-oat01-{w93}AA",
    "claude refresh": "sk-ant-ort01-{w93}AA",
    "claude session": "sk-ant-sid01-{w93}AA",
    "deepseek": "sk-{h32}",
    "openrouter": "sk-or-v1-{h64}",
    "groq": "gsk_{a52}",
    "xai": "xai-{a80}",
    "perplexity": "pplx-{a48}",
    "hugging face": "hf_{e34}",
    "replicate": "r8_{a37}",
    "cerebras": "csk-{l48}",
    "nvidia": "nvapi-{w64}",
    "pinecone": "pcsk_{a6}_{a60}",
    "langsmith": "lsv2_pt_{h32}_{h10}",
    "langfuse": "sk-lf-{u}",
    "tavily": "tvly-dev-{a32}",
    "firecrawl": "fc-{h32}",
    "jina": "jina_{w60}",
    "elevenlabs": "sk_{h48}",
    "e2b": "e2b_{h40}",
    "apify": "apify_api_{a36}",
    "together": "tgp_v1_{w43}",
    "helicone": "sk-helicone-{l7}-{l7}-{l7}-{l7}",
    "vercel ai gateway": "vck_{a60}",
    "context7": "ctx7sk-{u}",
    "slack bot": "xoxb-{d12}-{d13}-{a24}",
    "slack user": "xoxp-{d12}-{d12}-{d13}-{h32}",
    "slack app": "xapp-1-A{U10}-{d13}-{h64}",
    "slack rotating": "xoxe.xoxp-1-{a160}",
    "slack refresh": "xoxe-1-{a140}",
    "slack browser": "xoxc-{d12}-{d12}-{d13}-{h64}",
    "slack cookie": "xoxd-{a100}",
    "telegram": "{d10}:AA{w33}",
    "sendgrid": "SG.{w22}.{w43}",
    "mailgun": "key-{h32}",
    "mailgun, newer": "{h32}-{h8}-{h8}",
    "mailchimp": "{h32}-us21",
    "mandrill": "md-{w22}",
    "brevo": "xkeysib-{h64}-{a16}",
    "resend": "re_{a8}_{a24}",
    "twilio api key": "SK{h32}",
    "postmark-like stripe secret": "sk_live_{a24}",
    "stripe, long": "sk_live_51{a97}",
    "stripe test": "sk_test_51{a97}",
    "stripe restricted": "rk_live_51{a97}",
    "stripe webhook": "whsec_{a32}",
    "square access": "EAAAl{w59}",
    "square secret": "sq0csp-{w43}",
    "braintree": "access_token$production${l16}${h32}",
    "razorpay": "rzp_live_{a14}",
    "flutterwave": "FLWSECK_TEST-{h32}-X",
    "plaid access": "access-production-{u}",
    "easypost": "EZAK{a54}",
    "shippo": "shippo_live_{h40}",
    "shopify admin": "shpat_{h32}",
    "shopify app secret": "shpss_{h32}",
    "duffel": "duffel_live_{w43}",
    "paddle": "pdl_live_apikey_{l26}_{a22}_{a3}",
    "new relic user": "NRAK-{U27}",
    "new relic licence": "{h36}NRAL",
    "grafana service account": "glsa_{a32}_{h8}",
    "grafana cloud": "glc_eyJvIjoi{a100}",
    "sentry organisation": "sntrys_eyJpYXQiOjE3{a120}_{a43}",
    "sentry user": "sntryu_{h64}",
    "dynatrace": "dt0c01.{t24}.{t64}",
    "honeycomb ingest": "hcaik_{l58}",
    "axiom": "xaat-{u}",
    "linear": "lin_api_{a40}",
    "notion": "ntn_{d11}{a35}",
    "notion, older": "secret_{a43}",
    "airtable": "pat{a14}.{h64}",
    "asana": "1/{d16}:{h32}",
    "trello": "ATTA{h64}{H8}",
    "clickup": "pk_{d8}_{U32}",
    "figma": "figd_{w40}",
    "typeform": "tfp_{w44}_{w14}",
    "hubspot": "pat-na1-{u}",
    "zoho": "1000.{h32}.{h32}",
    "dropbox": "sl.u.{w140}",
    "contentful": "CFPAT-{w43}",
    "mapbox secret": "sk.eyJ1Ijoi{a60}.{w22}",
    "readme": "rdme_xn8s9h{h64}",
    "codecov-like infracost": "ico-{a32}",
    "prefect": "pnu_{a36}",
    "facebook": "EAAG{a160}",
    "twitch": "oauth:{l30}",
    "nats seed": "SUA{t55}",
    "nostr": "nsec1{l58}",
    "wireguard-like yandex": "AQVN{w36}",
    "frame.io": "fio-u-{w64}",
    "adafruit": "aio_{a28}",
    "cal.com": "cal_live_{h32}",
    "posthog personal": "phx_{a43}",
    "render": "rnd_{a28}",
    "expo": "expo_{w40}",
    "paseto": "v4.local.{w120}",
    "octopus": "API-{U26}",
    "harness": "pat.{w22}.{h24}.{a20}",
    "rancher": "token-{l5}:{l54}",
    "openshift": "sha256~{w43}",
    "aiven": "AVNS_{w19}",
    "intercom": "dG9rO{a55}=",
    "cloudflare origin": "v1.0-{h24}-{h146}",
}


def _github(prefix: str) -> Callable[[random.Random], str]:
    def make(rng: random.Random) -> str:
        body = "".join(rng.choices(string.ascii_letters + string.digits, k=30))
        return f"{prefix}_{body}{base62_crc32(body)}"

    return make


def _segment(text: str) -> str:
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def _jwt(rng: random.Random) -> str:
    head = _segment(json.dumps({"alg": "RS256", "typ": "JWT", "kid": f"{rng.getrandbits(32):08x}"}))
    body = _segment(json.dumps({"sub": str(rng.randrange(10**9)), "iat": 1700000000}, separators=(",", ":")))
    return f"{head}.{body}.{base64.urlsafe_b64encode(rng.randbytes(256)).decode().rstrip('=')}"


def _jwt_hs256(rng: random.Random) -> str:
    head = _segment('{"typ":"JWT","alg":"HS256"}')
    body = _segment(json.dumps({"user": {"id": rng.randrange(10**6), "role": "admin"}}))
    return f"{head}.{body}.{base64.urlsafe_b64encode(rng.randbytes(32)).decode().rstrip('=')}"


def _discord(rng: random.Random) -> str:
    who = base64.b64encode(str(rng.randrange(10**17, 10**18)).encode()).decode().rstrip("=")
    return f"{who}.{instance('{a6}', rng)}.{instance('{w38}', rng)}" if who[0] in "MNO" else _discord(rng)


MADE: dict[str, Callable[[random.Random], str]] = {
    "github personal": _github("ghp"),
    "github oauth": _github("gho"),
    "github app user": _github("ghu"),
    "github app server": _github("ghs"),
    "github refresh": _github("ghr"),
    "npm": _github("npm"),
    "jwt": _jwt,
    "jwt hs256": _jwt_hs256,
    "discord bot": _discord,
}

PLACES: tuple[str, ...] = (
    "@",
    "@\n",
    " @ ",
    "The key is @, keep it safe.",
    "It was @.",
    "Found it: @!",
    "(see @)",
    "[@]",
    "<@>",
    "`@`",
    "**@**",
    "| key | @ |",
    "- `KEY`: `@`",
    "KEY=@",
    "export SOME_VAR=@",
    "export SOME_VAR='@'",
    'SOME_VAR="@" ./run.sh --fast',
    "$env:SOME_VAR = '@'",
    "set SOME_VAR=@\r\n",
    "value: @",
    "value: '@' # staging",
    '  - "@"',
    '{"value":"@"}',
    '{"a": ["x", "@", 3]}',
    '{"text":"first\\n@\\nlast"}',
    '{"arguments":"{\\"value\\":\\"@\\"}"}',
    '{"a":"{\\"b\\":\\"{\\\\\\"c\\\\\\":\\\\\\"@\\\\\\"}\\"}"}',
    "tool --flag @ --other",
    "tool --flag=@",
    "curl -H 'X-Thing: @' https://host.tld/v1",
    'curl -H "Authorization: Bearer @" https://host.tld/v1',
    "https://host.tld/p?x=1&k=@&y=2",
    "https://host.tld/p?k=@#top",
    "+ key: '@'",
    "-KEY=@\n+KEY=${KEY}",
    "@@ -1 +1 @@\n-@\n".replace("@@", "%%"),
    "\x1b[32mkey\x1b[0m \x1b[1;33m@\x1b[0m",
    "\x1b[38;5;208m@\x1b[m",
    "\\u001b[33m@\\u001b[39m",
    "\\e[31m@\\e[0m",
    'client = Client("@")',
    "const c = new Client({ k: '@' });",
    "const c = `@`;",
    'c := New("@")',
    'let c = String::from("@");',
    "// old: @",
    "# @",
    "/* @ */",
    "<key>@</key>",
    "<string>@</string>",
    "echo @ | pbcopy",
    "Error: token '@' is not valid for this resource",
    "2026-02-03T04:05:06Z ERROR auth: rejected @ (401)",
    "ключ@конец",
    "密钥是@。",
    "key：@；",
    "“@”",
    "«@»",
    "\u200b@\u200b",
    "\ufeff@",
    "a\x00@\x00b",
    "\ud800@\udfff",
    "x" * 3000 + " @ " + "y" * 3000,
    "\t\t@\t\t",
    "k=@;other=1",
    "k=@,other=1",
    "('@',)",
    "b'@'",
    'f"{x}/@"',
    '\\"@\\"',
    "%22@%22",
)


def build(seed: int = 20260711) -> list[tuple[str, str, str]]:
    """Vendor, text and the secret in it: every vendor's token in every place, a fresh token each time."""
    rng = random.Random(seed)
    out = []
    makers = {name: (lambda r, shape=shape: instance(shape, r)) for name, shape in SHAPES.items()} | MADE
    for vendor, make in makers.items():
        for place in PLACES:
            secret = make(rng)
            while re.fullmatch(r"(?:.*[-_]|[-_].*)", secret):
                secret = make(rng)  # a token ending in a dash is real, and is met by test_rule's edges instead
            out.append(
                (
                    vendor,
                    place.replace("@", secret).replace("%%", "@@") if "%%" in place else place.replace("@", secret),
                    secret,
                )
            )
    return out
