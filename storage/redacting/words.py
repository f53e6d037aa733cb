"""What the name of a field says about its value: `db_password` names a secret, `password_reset_url` does not.

Pure and cached: a transcript repeats a few hundred names.
"""

from __future__ import annotations

import re
from functools import lru_cache

PASSWORD = "password"
"""Chosen by people: words, short, any character."""
TOKEN = "token"
"""Made by machines: long, letters and digits, no spaces."""
HEADER = "authorization"
"""A scheme word, then a credential."""
COOKIE = "cookie"
"""`name=value` pairs."""
WEAK = "weak"
"""Names a secret only when the value looks random."""


def wordset(text: str) -> frozenset[str]:
    """The words of a blank-separated list."""
    return frozenset(text.split())


_SPLIT = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+")

_PASSWORD_WORDS = wordset(
    "password passwd passwort passphrase passcode passe pwd pass passw psw pw kennwort contrasena senha motdepasse "
    "mdp storepass keypass bindpw rootpw userpass dbpass adminpass sshpass pgpassword mysqlpwd requirepass "
    "masterauth dbpassword userpassword rootpassword adminpassword keypassword storepassword cleartextpassword "
    "mypassword newpassword oldpassword"
)
_TOKEN_WORDS = wordset(
    "token secret apikey accesskey secretkey privatekey authtoken accesstoken refreshtoken idtoken bearertoken "
    "sessiontoken clientsecret appsecret apitoken apisecret authkey accountkey sharedkey sharedaccesskey "
    "signingkey encryptionkey masterkey webhooksecret dockercfg dockerconfigjson consumersecret sastoken "
    "jwtsecret authpass oauthtoken githubpat gitlabpat adopat devopspat ghpat azurepat identitytoken "
    "registrytoken usertoken bottoken presharedkey psk secretaccesskey accesskeysecret storagekey servicekey "
    "apipassword appkey subscriptionkey licensekey jwt nonce2 otpsecret totpsecret mfasecret authsecret "
    "sessionsecret cookiesecret apppassword"
)
_KEY_BEFORE = wordset(
    "api access secret private auth account shared signing sign encryption encrypt decryption master app "
    "application service storage subscription license admin root deploy deployment client consumer session "
    "webhook crypto cipher aes hmac rsa ssh ssl tls jwt vault unseal preshared pre function host functions sas "
    "write read readonly rest server integration ingest ingestion insert user security stream connection "
    "developer dev prod production live test stripe openai anthropic gemini google groq github gitlab sendgrid "
    "twilio datadog algolia mailgun maps bot project org seed recovery wallet deployer signer validator "
    "mnemonic age gpg pgp azure aws gcp cohere mistral dd newrelic honeycomb rollbar sentry segment amplitude "
    "mixpanel posthog firebase supabase cloudflare cf fastly akamai linode vultr pinecone qdrant weaviate "
    "openrouter deepseek replicate together fireworks hf huggingface elevenlabs deepgram assemblyai cerebras "
    "perplexity tavily serpapi exa telegram discord slack line zoom okta auth0 airtable notion linear jira "
    "asana clickup trello stability brave bing weather openweather news alpha vantage finnhub polygon infura "
    "alchemy etherscan moralis coinbase binance kraken kucoin bitfinex ftx paypal square plaid razorpay"
)
"""Words that make the following `key` a secret."""
_KEY_NOT = wordset(
    "public pub primary foreign partition sort cache sequence schema bucket prompt idempotency lookup index row "
    "column object hash range composite unique surrogate natural dict map message i18n translation locale hot "
    "shortcut arrow enter escape shift ctrl control alt meta tab left right up down home end delete page key "
    "press keyboard registry sub current next last first group order filter query param field attr data state "
    "storage2 config setting react list item node path file"
)
_WEAK_WORDS = wordset(
    "credential credentials creds cred auth hmac seed mnemonic salt pin otp totp cvv "
    "ssn pepper verifier code csrf xsrf sid sessionid session"
)
_TAIL_OK = wordset(
    "value val v base64 b64 hex raw text plain plaintext string str prod production dev development staging stage "
    "live test old new current previous prev next primary secondary backup main local remote default encoded "
    "enc override input arg ro rw us eu one two a b 1 2 3 4 5 0 v1 v2 v3 hash digest 01 02 2024 2025 2026"
)
"""Words that may follow the deciding word without changing what the field holds."""
_NOT_BEFORE = wordset(
    "no not non without has is are use uses needs need show hide hidden toggle reset forgot forget change "
    "confirm2 invalid missing wrong max min total num count input2 output2 cached starting lock csrf xsrf "
    "authenticity cancellation cancel stop eos bos pad unk sep cls mask special page pagination continuation "
    "cursor sync design syntax lexer parse parser public device2 push2 antiforgery verification2 "
    "requestverification"
)


def words(name: str) -> list[str]:
    """A field name as lower-case words: `apiKeyV2` and `API_KEY-v2` both give api, key, v, 2."""
    return [part.lower() for part in _SPLIT.findall(name)]


@lru_cache(maxsize=4096)
def kind(name: str) -> str:
    """PASSWORD, TOKEN, HEADER, COOKIE, WEAK, or "" when the name says nothing. At most 4,096 names are remembered."""
    if len(name) > 128:
        return ""
    parts = words(name)
    while len(parts) > 1 and (parts[-1] in _TAIL_OK or parts[-1].isdigit()):
        if parts[-1] in ("hash", "digest") and parts[-2] not in _PASSWORD_WORDS:
            return ""
        parts.pop()
    if not parts:
        return ""
    last = parts[-1]
    before = parts[-2] if len(parts) > 1 else ""
    joined = before + last
    if last in ("authorization", "authentication") or (
        last == "auth" and before in ("", "x", "proxy", "docker", "npm", "basic", "registry")
    ):
        return HEADER if last == "authorization" or joined == "proxyauthorization" else WEAK
    if last in ("cookie", "cookies"):
        return COOKIE if before in ("", "set", "http", "session", "auth", "request", "response") else ""
    if before == "next" or any(part in _NOT_BEFORE for part in parts[:-1]):
        # `next_token` is a place in a list; `NEXT_PRIVATE_TOKEN` belongs to a framework of that name.
        return ""
    if last in _PASSWORD_WORDS or joined in _PASSWORD_WORDS:
        return PASSWORD
    if last in ("word", "phrase", "code", "wd") and before == "pass":
        return PASSWORD
    if last in _TOKEN_WORDS or joined in _TOKEN_WORDS:
        return TOKEN
    if last == "key" or last == "keys":
        if before in _KEY_NOT:
            return ""
        if before in _KEY_BEFORE or (len(parts) > 2 and parts[-3] in ("api", "secret", "access", "private")):
            return TOKEN
        # An environment variable called `..._KEY` is rarely a key of a table.
        return WEAK if name.isupper() and before else ""
    if last.endswith(("password", "passwd", "passphrase")):
        return PASSWORD
    if last.endswith(("token", "secret", "apikey", "secretkey", "accesskey", "privatekey")):
        return TOKEN
    if last == "id" and before == "key" and "access" in parts:
        return WEAK
    if last in _WEAK_WORDS:
        return WEAK
    if before in ("secret", "apikey") or (last == "data" and before == "key" and "client" in parts):
        return (
            TOKEN
            if joined in ("keydata", "secretkey", "secretdata")
            else (WEAK if before == "secret" and last in ("access", "base") else "")
        )
    if parts[-3:] == ["secret", "key", "base"] or parts[-2:] == ["key", "material"]:
        return TOKEN
    return ""
