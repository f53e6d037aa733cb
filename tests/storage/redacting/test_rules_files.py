"""Files whose grammar places a secret."""

import pytest

from storage.redaction import redact

SECRET = "q8ZkP2vLx9WbR3nT5yUc"


@pytest.mark.parametrize(
    "line",
    [
        "root:{}@tcp(127.0.0.1:3306)/app",
        "jdbc:oracle:thin:u/{}@h:1521:x",
        'npmAuthIdent: "{}"',
        '{"github-oauth":{"github.com":"{}"}}',
        '{"type":"random_password","attributes":{"length":20,"result":"{}"}}',
        '{"db_password":{"value":"{}","type":"string"}}',
        '{"stringData":{"pw":"{}"}}',
        "<key>APIKey</key>\n<string>{}</string>",
        '<string name="api_key">{}</string>',
        '<setting name="ClientSecret" serializeAs="String"><value>{}</value></setting>',
        "<auth-user-pass>\nbob\n{}\n</auth-user-pass>",
        "user bob\npassword {}\n",
        "snmp-server community {} RO",
        "initial admin password:\n\n{}\n\nThis may",
        "INSERT INTO users (name, password) VALUES ('bob', '{}');",
        "use token {} for the call",
        "login with admin / password {}",
        "pw: {}",
        'Content-Disposition: form-data; name="password"\r\n\r\n{}\r\n',
        "USER bob\r\nPASS {}\r\n",
        "license key: {}",
        'char password[] = "{}";',
        "data-state='{&quot;password&quot;: &quot;{}&quot;}'",
        "https://h/?q=%7B%22apiKey%22%3A%22{}%22%7D",
        "body=password%3D{}%26user%3Dbob",
        '<meta-data android:name="com.x.ApiKey" android:value="{}"/>',
        "- **Token:** `{}`",
        "my openai key: {}",
        "log in with bob / {}",
        'variable "db_password" {\n  type    = string\n  default = "{}"\n}',
        'output "api_token" {\n  value = "{}"\n}',
        '~ master_password    = "${old}" -> "{}"',
        "<tr><td>API key</td><td>{}</td></tr>",
        "<dt>Password</dt>\n<dd><code>{}</code></dd>",
        '<input type="password" name="x" value="{}">',
        "DB_PASSWORD\t{}\nHOST\th",
        "encryption.key={}",
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
        "root:$PASS@tcp(127.0.0.1:3306)/app",
        "jdbc:oracle:thin:@h:1521:x",
        '{"github-oauth":{}}',
        '{"type":"null_resource","attributes":{"result":"ok"}}',
        '{"db_password":{"value":null,"type":"string"}}',
        "<key>APIKey</key>\n<string>$(API_KEY)</string>",
        '<string name="password_hint">Enter it</string>',
        '<string name="token_label">Token</string>',
        "password required\n",
        "password policies:\n",
        "enter the password:\n\nand go on\n",
        "INSERT INTO t (name, note) VALUES ('bob', 'x1y2z3w4');",
        "the token identifies the user",
        "token refresh_token_rotation",
        "use token 0a1b2c3d4e5f60718293a4b5c6d7e8f901234567 of git",
        "mnemonic: jmp",
        'Content-Disposition: form-data; name="file"\r\n\r\nq8ZkP2vLx9WbR3nT5yUc\r\n',
        "PASS src/auth2.test.ts (5.2 s)",
        "string-width:npm2@4.2.0",
        "git@github.com:acme/token-service2.git",
        "readFile('/etc/passwd', 'utf8')",
        'pass ? "PASS" : "FAIL"',
        "seed phrase: twelve words",
        "{&quot;password&quot;: &quot;${PW}&quot;, &quot;name&quot;: &quot;bob&quot;}",
        "https://h/?q=%7B%22name%22%3A%22bob7Kq9ZxW2%22%7D",
        '<meta-data android:name="com.x.ApiKey" android:value="@string/api_key"/>',
        "- **Token:** UsernamePasswordAuthenticationToken",
        "- **Password:** 8-64 characters",
        "the github token: GITHUB_TOKEN_OF_THE_RUNNER",
        "sign in with google / github/login",
        'variable "db_password" {\n  type = string\n  sensitive = true\n}\nvariable "x" {\n  default = "q8ZkP2vLx9"\n}',
        'output "api_token" {\n  value = "${module.x.token}"\n}',
        '~ token_version    = "q8ZkP2vLx9" -> "q8ZkP2vLxA"',
        "<tr><th>Token</th><td>Description</td></tr>",
        "<td>API key</td><td><a href='#'>q8</a></td>",
        '<input type="password" name="x" value="">',
        "API_TOKEN\tREQUIRED_FOR_ACCESS",
        'variable "secret_name" {\n  default = "prod/db-7Kq9ZxW2"\n}',
        "{&quot;token_id&quot;:&quot;q8ZkP2vLx9WbR3nT5yUc&quot;}",
        "api.key = loadKeyFromEnvironment",
    ],
)
def test_references_and_words_stay(line):
    assert redact(line).text == line
