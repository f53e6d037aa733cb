"""Calls whose place makes an argument a secret."""

import pytest

from storage.redaction import redact

SECRET = "q8ZkP2vLx9WbR3nT5yUc"


@pytest.mark.parametrize(
    "line",
    [
        'smtp.login("u@d.tld", "{}")',
        'mqtt.username_pw_set("u", "{}")',
        'http.basic_auth "u", "{}"',
        '.basic_auth("u", Some("{}"))',
        'client.connect("id", "user", "{}")',
        '.bearer_auth("{}")',
        'DriverManager.getConnection(url, "u", "{}");',
        "mysqli_connect('h', 'u', '{}', 'db')",
        "new PDO('mysql:host=h', 'u', '{}')",
        'jwt.encode(payload, "{}", algorithm="HS256")',
        "jwt.verify(token, '{}')",
        "hmac.new(b'{}', msg, 'sha256')",
        "crypto.createHmac('sha256', '{}')",
        'Fernet(b"{}")',
        "CryptoJS.AES.encrypt(text, '{}')",
        'os.getenv("DB_PASSWORD", "{}")',
        'public string ApiKey { get; set; } = "{}";',
        '"Authorization": "Basic " + "{}"',
        "def token():\n    return '{}'\n",
        "const token = process.env.API_TOKEN || '{}';",
        "const s = process.env['JWT_SECRET'] ?? \"{}\"",
        'TOKEN = os.environ.get("TOKEN") or "{}"',
        'var encryptionKey = []byte("{}")',
        'const SECRET = new TextEncoder().encode("{}")',
        'private val apiSecret by lazy { "{}" }',
        '{default_pass, <<"{}">>}.',
        "erl -sname a -setcookie {}",
    ],
)
def test_the_value_goes_and_the_rest_stays(line):
    text = line.replace("{}", SECRET)
    out = redact(text)
    assert SECRET not in out.text
    before, _, after = text.partition(SECRET)
    assert out.text.startswith(before)
    assert out.text.endswith(after.split(SECRET)[-1])


@pytest.mark.parametrize(
    "line",
    [
        "smtp.login(user, password)",
        'smtp.login("u@d.tld", os.environ["PW"])',
        'login("bob", "overview")',
        'socket.connect("tcp", "host", "port")',
        '.auth("google2")',
        't.token("identifier")',
        "DriverManager.getConnection(url, user, password);",
        "jwt.encode(payload, key, algorithm='HS256')",
        "jwt.decode(token, 'HS256')",
        "hmac.new(key, msg, 'sha256')",
        "createHmac('sha256', secret)",
        'os.getenv("DB_PASSWORD", "")',
        'public string ApiKey { get; set; } = "";',
        '"Authorization": "Bearer " + token',
        "def token():\n    return 'identifier'\n",
        "const token = process.env.API_TOKEN || '';",
        "if (type === TOKEN || 'string') {}",
        'cacheKey = Buffer.from("user:1")',
        'secret := []byte("secret")',
        'token = Buffer.from("hello world", "utf8")',
        '{token, "identifier"}',
        "erl -setcookie $COOKIE",
        "const header = process.env.TOKEN_HEADER || 'x-auth-2-token';",
        'secretName := []byte("q8ZkP2vLx9WbR3nT5yUc")',
    ],
)
def test_references_and_words_stay(line):
    assert redact(line).text == line
