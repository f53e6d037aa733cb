"""Calls in programs whose place, not whose name, makes an argument a secret: logging in, signing, connecting.

One row each, from the interfaces' documentation. An argument counts only as a literal string.
"""

from __future__ import annotations

from storage.redacting.rule import Rule

_A = r"\\{0,4}[\"'`]"
_S = r"(?P<v>[^\"'`\n\\]{4,256})" + _A

# ruff: noqa: E501
# Expressions are not broken over lines: a rule is compared with its format at a glance.

RULES: tuple[Rule, ...] = (
    Rule(
        "password",
        "login(user, password) of mail, FTP, Telnet, MQTT, radio and web clients",
        pattern=r"\b(?:username_pw_set|WiFi\.begin|basic_auth|http_basic_auth|login|authenticate|signIn|sign_in|signInWithEmailAndPassword|log_in|set_credentials|setCredentials|simple_bind_s|add_password|setBasicAuth|basicAuth)(?:\(|[ \t](?=[\"']))\s{0,8}(?:\w{1,40},\s{0,8}){0,2}"
        + _A
        + r"[^\"'`\n\\]{1,100}"
        + _A
        + r"\s{0,8},\s{0,8}(?:Some\()?"
        + _A
        + _S,
        gate=r"(?:username_pw_set|WiFi\.begin|basic_auth|login|authenticate|signIn|sign_in|AndPassword|log_in|redentials|simple_bind_s|add_password|asicAuth)[( \t]\s{0,8}(?:\w{1,40},\s{0,8}){0,2}\\{0,4}[\"'`]",
        check="strong",
    ),
    Rule(
        "password",
        "database connections: the password is the third argument",
        pattern=r"\b(?:getConnection|mysqli_connect|mysqli|PDO|mysql_connect|oci_connect|createConnection|MySQLdb\.connect|pymysql\.connect|odbc_connect|sqlsrv_connect)\(\s{0,8}(?:"
        + _A
        + r"[^\"'`\n]{0,200}"
        + _A
        + r"|[\w.$>-]{1,80})\s{0,8},\s{0,8}"
        + _A
        + r"[^\"'`\n]{1,100}"
        + _A
        + r"\s{0,8},\s{0,8}"
        + _A
        + _S,
        gate=r"(?:getConnection|mysqli_connect|mysqli|PDO|mysql_connect|oci_connect|createConnection|MySQLdb\.connect|pymysql\.connect|odbc_connect)\(\s{0,8}",
        check="plain",
    ),
    Rule(
        "password",
        "connect(id, user, password)",
        pattern=r"\b(?:connect|Connect)\(\s{0,8}"
        + _A
        + r"[^\"'`\n]{0,200}"
        + _A
        + r"\s{0,8},\s{0,8}"
        + _A
        + r"[^\"'`\n]{1,100}"
        + _A
        + r"\s{0,8},\s{0,8}"
        + _A
        + _S,
        gate=r"onnect\(\s{0,8}\\{0,4}[\"'`][^\"'`\n]{0,200}[\"'`]\s{0,8},",
        check="strong",
    ),
    Rule(
        "token",
        "a setter that takes nothing but the secret",
        pattern=r"\b(?:auth|authorize|bearer_auth|bearerAuth|with_token|withToken|set_?[Tt]oken|set_?[Pp]assword|set_?[Aa]pi_?[Kk]ey|set_?[Ss]ecret|set_?[Aa]ccess_?[Tt]oken|api_key|apiKey|access_token|accessToken|password|token|secret)\(\s{0,8}b?"
        + _A
        + _S
        + r"\s{0,8}\)",
        gate=r"(?:auth|Auth|authorize|[Tt]oken|[Pp]assword|[Kk]ey|[Ss]ecret)\(\s{0,8}b?\\{0,4}[\"'`][^\"'`\n\\]{8}",
        check="tokenish",
    ),
    Rule(
        "secret",
        "signing and verifying: jwt.encode, jwt.sign, jwt.verify, jws, itsdangerous",
        pattern=r"\b(?:jwt|jws|jose|JWT)(?:\.|::)(?:encode|decode|sign|verify|signSync)\(\s{0,8}(?:[^\"'`\n(){}]{1,120}|\{[^{}\n]{0,200}\}|"
        + _A
        + r"[^\"'`\n]{0,2000}"
        + _A
        + r")\s{0,8},\s{0,8}b?"
        + _A
        + _S,
        gate=r"(?:jwt|jws|jose|JWT)(?:\.|::)(?:encode|decode|sign|verify)",
        check="signing",
    ),
    Rule(
        "secret",
        "keyed hashes: hmac.new, createHmac, hash_hmac, OpenSSL::HMAC",
        pattern=r"(?:\bhmac\.new\(\s{0,8}(?:key=)?|\bcreateHmac\(\s{0,8}"
        + _A
        + r"[\w-]{2,20}"
        + _A
        + r"\s{0,8},\s{0,8}|\bhash_hmac\(\s{0,8}"
        + _A
        + r"\w{2,20}"
        + _A
        + r"\s{0,8},\s{0,8}[^,\n]{1,100},\s{0,8}|\bOpenSSL::HMAC\.\w{3,16}\(\s{0,8}[^,\n]{1,60},\s{0,8})b?"
        + _A
        + _S,
        gate=r"(?:hmac\.new\(|createHmac\(|hash_hmac\(|OpenSSL::HMAC)",
        check="signing",
    ),
    Rule(
        "key",
        "cipher keys: Fernet, AES.new, createCipheriv, CryptoJS, URLSafeSerializer",
        pattern=r"(?:\b(?:Fernet|AES\.new|SecretBox|URLSafe(?:Timed)?Serializer|TimestampSigner|AESGCM|ChaCha20Poly1305|XChaCha20Poly1305|SecretKeySpec)\(\s{0,8}|\bcreate(?:De)?[Cc]ipher(?:iv)?\(\s{0,8}"
        + _A
        + r"[\w-]{2,24}"
        + _A
        + r"\s{0,8},\s{0,8}|\bCryptoJS\.AES\.(?:en|de)crypt\(\s{0,8}[^,\n]{1,100},\s{0,8})b?"
        + _A
        + _S,
        gate=r"(?:Fernet\(|AES\.new\(|SecretBox\(|URLSafe(?:Timed)?Serializer\(|TimestampSigner\(|AESGCM\(|Poly1305\(|SecretKeySpec\(|[Cc]ipher(?:iv)?\(|CryptoJS\.AES)",
        check="signing",
    ),
    Rule(
        "secret",
        "the default of an environment variable with a telling name",
        pattern=r"\b(?:getenv|environ\.get|env|config|os\.Getenv|Env\.get)\(\s{0,8}"
        + _A
        + r"\w{0,60}(?:PASSWORD|PASSWD|SECRET|TOKEN|API_KEY|ACCESS_KEY|PRIVATE_KEY)\w{0,16}"
        + _A
        + r"\s{0,8},\s{0,8}(?:default\s{0,4}=\s{0,4}|cast=str,\s{0,4})?"
        + _A
        + _S,
        gate=r"(?:getenv|environ\.get|env|config|Getenv|Env\.get)\(\s{0,8}\\{0,4}[\"'`]\w{0,60}(?:PASSWORD|PASSWD|SECRET|TOKEN|KEY)",
        check="strong",
    ),
    Rule(
        "secret",
        "what stands in when an environment variable with a telling name is not set: a || 'b', a ?? 'b', a or 'b'",
        pattern=r"(?:PASSWORD|PASSWD|SECRET|TOKEN|API_KEY|ACCESS_KEY|PRIVATE_KEY)(?!_(?:URL|URI|HOST|NAME|HEADER|TYPE|TTL|PATH|FILE|DIR|ID|EXPIR|PREFIX|MIN|MAX|LEN))\w{0,16}[\"'\])]{0,3}\s{0,4}(?:\|\||\?\?|or[ \t]|\?:)\s{0,4}"
        + _A
        + _S,
        gate=r"(?:PASSWORD|PASSWD|SECRET|TOKEN|API_KEY|ACCESS_KEY|PRIVATE_KEY)\w{0,16}[\"'\])]{0,3}\s{0,4}(?:\|\||\?\?|or[ \t]|\?:)",
        check="strong",
    ),
    Rule(
        "key",
        "a telling name, then the bytes of a literal: []byte(…), Buffer.from(…), new TextEncoder().encode(…)",
        pattern=r"(?i:password|secret|token|(?:encryption|cipher|signing|secret|private|api|access|hmac|jwt|aes|master|auth|session|cookie)_?key)(?i:_?(?:bytes|raw|v?[0-9]{1,2}))?[ \t]{0,4}(?::=|=|:|by[ \t]lazy[ \t]\{)[ \t]{0,4}(?:\[\]byte\(|new TextEncoder\(\)\.encode\(|Buffer\.from\(|bytearray\(|Encoding\.\w{3,8}\.GetBytes\(|)\s{0,4}b?"
        + _A
        + _S,
        gate=r"(?:\[\]byte\(|TextEncoder\(\)\.encode\(|Buffer\.from\(|bytearray\(|GetBytes\(|by[ \t]lazy[ \t]\{)\s{0,4}b?\\{0,4}[\"'`]",
        check="signing",
    ),
    Rule(
        "password",
        "Erlang: {default_pass, <<…>>} and the cookie of a node",
        pattern=r"(?:\{\s{0,4}\w{0,40}(?:pass|password|secret|token|cookie)\s{0,4},\s{0,4}(?:<<)?\\{0,4}\"|-setcookie[ \t]{1,4}\\{0,4}[\"']?)(?P<v>[^\s\"'\\<>]{4,256})",
        gate=r"(?:(?:pass|password|secret|token|cookie)\s{0,4},\s{0,4}(?:<<)?\\{0,4}\"|-setcookie[ \t])",
        check="strong",
    ),
    Rule(
        "key",
        "an auto-property with a value",
        pattern=r"\b\w{0,60}(?:ApiKey|Password|Secret|Token|AccessKey|PrivateKey|ConnectionKey)\s{1,4}\{\s{0,4}get;[^{}\n]{0,40}\}\s{0,4}=\s{0,4}"
        + _A
        + _S,
        gate=r"(?:Key|Password|Secret|Token)\s{1,4}\{\s{0,4}get;",
        check="plain",
    ),
    Rule(
        "authorization",
        "a header put together from a scheme and a literal",
        pattern=r"[\"'](?:Basic|Bearer|Token|token|Bot) [\"']\s{0,4}[+.]\s{0,4}(?:\w{1,20}\()?[\"'](?P<v>[^\"'\s\\]{12,512})[\"']",
        gate=r"(?:Basic|Bearer|Token|token|Bot) [\"']\s{0,4}[+.]",
        check="tokenish",
    ),
    Rule(
        "token",
        "a function or fixture with a telling name that returns a literal",
        pattern=r"\bdef\s{1,4}(?:\w{0,40}_)?(?:token|api_key|secret|password|secret_key|access_token)\(\w{0,20}\)[^\n]{0,40}:\s{1,40}return\s{1,4}[\"']"
        + _S,
        gate=r"def\s{1,4}\w{0,40}(?:token|key|secret|password)\(",
        check="tokenish",
    ),
)
"""`check`: see `conditions.py`."""
