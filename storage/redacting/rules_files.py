"""Files and listings whose grammar places a secret without a telling name beside it, one row each."""

from __future__ import annotations

from storage.redacting.rule import Rule

_Q = r"\\{0,4}[\"'`]?"
_V = r"(?P<v>[^\s\"'`\\|&;<>]{3,256})"

# ruff: noqa: E501
# Expressions are not broken over lines: a rule is compared with its format at a glance.

RULES: tuple[Rule, ...] = (
    Rule(
        "url-password",
        "Go MySQL data source name, Oracle thin URL",
        pattern=r"(?<![\w.:/-])[\w.-]{1,64}:(?P<v>[^\s\"'@:/]{3,128})@(?:tcp|unix|udp)\(",
        gate=r":[^\s\"'@:/]{3,128}@(?:tcp|unix|udp)\(",
        check="plain",
    ),
    Rule(
        "url-password",
        "Oracle thin JDBC URL user/password@",
        pattern=r"\bjdbc:oracle:\w{2,6}:[\w.$#]{1,60}/\\{0,4}\"?(?P<v>[^\s\"'@/\\]{3,128})\"?@",
        gate=r"jdbc:oracle:\w{2,6}:",
        check="plain",
    ),
    Rule(
        "npm-auth",
        "Yarn npmAuthIdent: base64 of user and password",
        pattern=r"\bnpmAuthIdent[\"']?[ \t]{0,4}:[ \t]{0,4}" + _Q + r"(?P<v>[^\s\"'$<{]{6,512})",
        gate=r"npmAuthIdent[\"']?[ \t]{0,4}:",
        entropy=2.4,
    ),
    Rule(
        "secret",
        "encrypted passwords of Maven and Jenkins: braces around base64",
        pattern=r"(?<=[>\"'=: \n\t])(?P<v>\{[0-9A-Za-z+/]{24,1024}={0,2}\})\s{0,64}(?:[<\"']|$)",
        gate=r"\{AQAAAB|=\}",
        near=("password", "secret", "passphrase", "token", "key>", "aqaaab"),
        reach=200,
        check="mixed",
    ),
    Rule(
        "token",
        "Composer auth.json: a token for each host",
        pattern=r"\"(?:github-oauth|gitlab-oauth|gitlab-token|bearer|forgejo-token)\"\s{0,4}:\s{0,4}\{\s{0,64}\"[^\"\n]{1,100}\"\s{0,4}:\s{0,4}\"(?P<v>[^\"\n\\]{8,256})\"",
        gate=r"\"(?:github-oauth|gitlab-oauth|gitlab-token|bearer|forgejo-token)\"\s{0,4}:\s{0,4}\{",
        entropy=2.6,
    ),
    Rule(
        "password",
        "Terraform state: result of random_password",
        pattern=r"\\{0,4}\"result\\{0,4}\"[ \t]{0,4}:[ \t]{0,4}\\{0,4}\"(?P<v>[^\"\n]{4,256}?)\\{0,4}\"",
        gate=r"\"result\\{0,4}\"[ \t]{0,4}:",
        near=("random_password",),
        reach=1600,
        entropy=1.5,
    ),
    Rule(
        "secret",
        "a name that tells, then an object that holds the value (Terraform outputs, ECS, GitLab)",
        pattern=r"\"[\w.-]{0,80}(?i:password|passwd|secret|token|api_?key|access_?key|private_?key)(?i:_?v?[0-9]{0,2})\\{0,4}\"\s{0,4}:\s{0,4}\{\s{0,64}\\{0,4}\"(?:value|default|current)\\{0,4}\"\s{0,4}:\s{0,4}\\{0,4}\"(?P<v>[^\"\n\\]{4,512})\\{0,4}\"",
        gate=r"\\{0,4}\"\s{0,4}:\s{0,4}\{\s{0,64}\\{0,4}\"(?:value|default|current)\\{0,4}\"\s{0,4}:",
        check="plain",
    ),
    Rule(
        "kubernetes-secret",
        "stringData in one line",
        pattern=r"\"stringData\\{0,4}\"\s{0,4}:\s{0,4}\{\s{0,64}\\{0,4}\"[\w./-]{1,100}\\{0,4}\"\s{0,4}:\s{0,4}\\{0,4}\"(?P<v>[^\"\n\\]{4,1024})\\{0,4}\"",
        gate=r"\"stringData\\{0,4}\"\s{0,4}:",
        check="plain",
    ),
    Rule(
        "secret",
        "property lists and Android resources: the name in one element, the value in the next",
        pattern=r"<(?:key|string|setting|entry|item|property|param(?:eter)?|variable|env-var)\b[^<>\n]{0,80}[\"'>](?:[\w.-]{0,60}?)(?i:password|passwd|secret|token|api_?key|access_?key|private_?key|client_?key)[\"'<][^<>\n]{0,60}(?:/key>)?>?\s{0,64}(?:<(?:string|value|Value)>)?\s{0,16}(?P<v>[^\s<>][^<>\n]{3,512}?)\s{0,64}</",
        gate=r"(?i:password|passwd|secret|token|key)(?:[\"'][^<>\n]{0,60}>|</key>)\s{0,64}(?:<(?:string|value)>)?\s{0,16}[^\s<>]",
        check="plain",
    ),
    Rule(
        "password",
        "OpenVPN inline credentials",
        pattern=r"<auth-user-pass>\s{1,8}\S{1,100}\s{1,8}(?P<v>\S{3,128})",
        gate=r"<auth-user-pass>",
        check="plain",
    ),
    Rule(
        "password",
        "msmtp, fetchmail, ppp, wpa and router configuration: `password value` in a line",
        pattern=r"(?m:(?<=^)|(?<=^ )|(?<=^  )|(?<=^    )|(?<=^\t))(?:password|passwd|secret|key-string|snmp-server[ \t]community|snmp[ \t]community)[ \t]{1,8}(?:[057][ \t]{1,4})?"
        + _Q
        + _V
        + r"(?=[ \t]{0,8}(?:$|\n|#|R[OW]\b|\"|'))",
        gate=r"(?m:^)[ \t]{0,4}(?:password|passwd|secret|key-string|snmp-server[ \t]community|snmp[ \t]community)[ \t]{1,8}(?:[057][ \t]{1,4})?[^\s]{4}",
        check="strong",
    ),
    Rule(
        "crypt-hash",
        "LDAP and PostgreSQL password hashes",
        pattern=r"(?P<v>\{(?:S?SHA(?:224|256|384|512)?|S?MD5|CRYPT|crypt|PBKDF2[\w-]{0,12}|ARGON2)\}[0-9A-Za-z+/=$.]{16,256}|(?<![\w$])SCRAM-SHA-(?:1|256|512)\$[0-9]{3,8}:[0-9A-Za-z+/=]{8,64}\$[0-9A-Za-z+/=]{16,128}:[0-9A-Za-z+/=]{16,128}|(?<=[\"'])md5[0-9a-f]{32}(?=[\"']))",
        gate=r"(?:\{(?:S?SHA(?:224|256|384|512)?|S?MD5|CRYPT|crypt|PBKDF2[\w-]{0,12}|ARGON2)\}[0-9A-Za-z+/=$.]{16}|SCRAM-SHA-(?:1|256|512)\$[0-9]|[\"']md5[0-9a-f]{32})",
    ),
    Rule(
        "private-key",
        "XML key values: the private members of an RSA key",
        pattern=r"<(?:P|Q|D|DP|DQ|InverseQ)>(?P<v>[0-9A-Za-z+/=]{20,2048})</(?:P|Q|D|DP|DQ|InverseQ)>",
        gate=r"RSAKeyValue|InverseQ|<Modulus>",
        entropy=3.0,
    ),
    Rule(
        "mnemonic",
        "BIP-39 seed phrase beside its name",
        pattern=r"(?i:mnemonic|seed[ _-]?phrase|seed[ _-]?words|recovery[ _-]?phrase|secret[ _-]recovery[ _-]phrase|wallet[ _-]?seed|backup[ _-]?phrase)[\w ]{0,16}\\{0,4}[\"'`]?[ \t]{0,4}[:=]{1,2}>?\s{0,4}\\{0,4}[\"'`]?(?P<v>(?:[a-z]{3,8}[ ,]{1,2}){11,23}[a-z]{3,8})(?![a-z])",
        gate=r"(?i:mnemonic|seed[ _-]?phrase|seed[ _-]?words|recovery[ _-]?phrase|wallet[ _-]?seed|backup[ _-]?phrase)[\w ]{0,16}\\{0,4}[\"'`]?[ \t]{0,4}[:=]",
        dummies=True,
        entropy=0.0,
    ),
    Rule(
        "password",
        "application password in four groups of four",
        pattern=r"(?i:pass(?:word|wd|code)?|pwd)[\"']?[ \t]{0,4}[:=][ \t]{0,4}[\"']?(?P<v>[a-z]{4} [a-z]{4} [a-z]{4} [a-z]{4})(?![a-z ])",
        gate=r"(?i:pass(?:word|wd|code)?|pwd)[\"']?[ \t]{0,4}[:=][ \t]{0,4}[\"']?[a-z]{4} [a-z]{4} [a-z]{4} [a-z]{4}",
    ),
    Rule(
        "recovery-code",
        "recovery and backup codes beside their name",
        pattern=r"(?<![0-9A-Za-z-])(?P<v>[0-9A-Za-z]{4,8}(?:-[0-9A-Za-z]{4,8}){1,7})(?![0-9A-Za-z-])",
        near=("recovery code", "recovery key", "backup code", "recovery_code", "backup_code", "scratch code"),
        check="code",
    ),
    Rule(
        "password",
        "a line that names it, then the value alone on the next",
        pattern=r"(?i:password|passphrase|secret|token|api[ _-]?key|access[ _-]?key)\b[^\n:=]{0,40}:[ \t]{0,8}\n\s{0,64}(?P<v>[^\s\"'`<>{}()\[\],;]{12,256})[ \t\r]{0,8}(?:$|\n)",
        gate=r"(?i:password|passphrase|secret|token|key)[^\n:=]{0,40}:[ \t]{0,8}\n\s{0,64}[^\s\"'`<>{}()\[\],;]{12,256}[ \t\r]{0,8}",
        check="machine",
    ),
    Rule(
        "password",
        "a field of a multipart form",
        pattern=r"name=\\{0,4}\"[\w.\[\]-]{0,60}(?i:password|passwd|pwd|secret|token|api[_-]?key)[\w\]]{0,12}\\{0,4}\"[^\n]{0,80}\n[ \t\r]{0,4}\n(?P<v>[^\s\"'\\]{3,256})",
        gate=r"name=\\{0,4}\"[\w.\[\]-]{0,60}(?i:password|passwd|pwd|secret|token|api[_-]?key)[\w\]]{0,12}\\{0,4}\"[^\n]{0,80}\n[ \t\r]{0,4}\n",
        check="plain",
    ),
    Rule(
        "password",
        "USER and PASS of FTP, POP and Redis-like protocols",
        pattern=r"USER[ \t]{1,4}\S{1,100}[ \t\r]{0,4}\n[^\n]{0,200}?\n?[<>|: \t-]{0,8}PASS[ \t]{1,4}(?P<v>\S{3,128})",
        gate=r"USER[ \t]{1,4}[^\s]{1,100}[ \t\r]{0,4}\n[^\n]{0,200}\n?[<>|: \t-]{0,8}PASS[ \t]",
        check="plain",
    ),
    Rule(
        "password",
        "INSERT INTO … (…, password) VALUES (…, 'x'): the column last, the value last",
        pattern=r"(?i:insert\s{1,4}into)\s{1,4}\S{1,80}\s{0,4}\([^()\n]{0,400}?(?i:password|passwd|pwd|secret|token|api_key)[\w\"'`]{0,12}\s{0,4}\)\s{0,4}(?i:values)\s{0,4}\([^()\n]{0,600}?'(?P<v>[^'\n]{4,256})'\s{0,4}\)",
        gate=r"(?i:insert\s{1,4}into)[^()\n]{1,90}\([^()\n]{0,400}(?i:password|passwd|pwd|secret|token|api_key)[\w\"'`]{0,12}\s{0,4}\)",
        check="plain",
    ),
    Rule(
        "token",
        "a sentence: token, key or secret, then the value itself",
        pattern=r"(?i:\b(?:token|secret|bearer|credential|(?:api|access|private|encryption|signing|licen[cs]e|activation|product)[ _-]?key))[ \t]{1,2}(?:(?i:is|of|value)[ \t]{1,2})?[\"'`(<]{0,2}(?P<v>[0-9A-Za-z_~+/=.-]{20,256})",
        gate=r"(?i:token|secret|bearer|[ _-]key|apikey|credential)[ \t]{1,2}(?:(?i:is|of|value)[ \t]{1,2})?[\"'`(<]{0,2}[0-9A-Za-z_~+/=.-]{20}",
        check="sentence",
    ),
    Rule(
        "password",
        "a sentence: password, then the value itself",
        pattern=r"(?i:\b(?:password|passwd|passphrase|passcode|pwd))[ \t]{1,2}[\"'`(<]{0,2}(?P<v>[^\s\"'`<>(){}\[\],;|=]{8,128})",
        gate=r"(?i:assword|asswd|assphrase|asscode|pwd)[ \t]{1,2}[\"'`(<]{0,2}[^\s\"'`<>(){}\[\],;|=]{0,127}[0-9]",
        check="spoken",
    ),
    Rule(
        "password",
        "JSON in a web page or in a URL: its quotes written as &quot; or %22",
        pattern=r"(?:&quot;|&#34;|%22)[\w.-]{0,60}(?i:password|passwd|pwd|secret|token|api_?key|access_?key|private_?key)(?i:_?v?[0-9]{0,2})(?:(?:&quot;|&#34;)\s{0,4}:\s{0,4}(?:&quot;|&#34;)|%22(?:%20|\+)?%3[Aa](?:%20|\+)?%22)(?P<v>(?:(?!&quot;|&#34;|%22)[^\s\"'<>]){3,512})(?:&quot;|&#34;|%22)",
        gate=r"(?:(?:&quot;|&#34;)\s{0,4}:\s{0,4}(?:&quot;|&#34;)|%22(?:%20|\+)?%3[Aa](?:%20|\+)?%22)",
        check="plain",
    ),
    Rule(
        "password",
        "a form in a URL: password%3Dx%26",
        pattern=r"(?i:password|passwd|pwd|secret|token|api_?key|access_?key)%%=(?P<v>[^\s\"'&%<>]{3,256})%26",
        gate=r"%%=[^\s\"'&%<>]{3,256}%26",
        check="plain",
    ),
    Rule(
        "key",
        "Android manifest: the name in one attribute, the value in the next",
        pattern=r"android:name=\"[\w.-]{0,80}(?i:api_?key|password|token|secret)\"\s{1,40}android:value=\"(?P<v>[^\"\n@$][^\"\n]{3,255})\"",
        gate=r"android:name=\"[\w.-]{0,100}\"\s{1,40}android:value=",
        check="plain",
    ),
    Rule(
        "password",
        "Markdown: a name in bold, then the value",
        pattern=r"(?i:password|passphrase|secret|token|api[ _-]?key|access[ _-]?key)(?::\*{2}|\*{2}:)[ \t]{1,4}[\"'`]?(?P<v>[^\s\"'`<>(){}\[\],;|]{8,256})",
        gate=r"(?i:password|passphrase|secret|token|key)(?::\*{2}|\*{2}:)[ \t]",
        check="spoken",
    ),
    Rule(
        "key",
        "a service, then key, token or secret, then the value",
        pattern=r"(?i:\b(?:openai|anthropic|claude|gemini|github|gitlab|stripe|aws|azure|google|cloudflare|sendgrid|twilio|datadog|deepseek|groq|mistral)[ ](?:api[ ])?(?:key|token|secret))[ \t]{0,2}[:=][ \t]{0,4}[\"'`]?(?P<v>[0-9A-Za-z_~+/=.-]{16,256})",
        gate=r"(?i:[ ](?:key|token|secret))[ \t]{0,2}[:=][ \t]{0,4}[\"'`]?[0-9A-Za-z_~+/=.-]{16}",
        check="sentence",
    ),
    Rule(
        "secret",
        "Terraform variables and outputs: the name on the block, the value inside",
        pattern=r"\b(?:variable|output)[ \t]{1,4}\"[\w-]{0,60}(?i:password|passwd|secret|token|api_?key|access_?key|private_?key)(?i:_?v?[0-9]{0,2})\"[ \t]{0,4}\{[^{}]{0,400}?\b(?:default|value)[ \t]{0,16}=[ \t]{0,4}\"(?P<v>[^\"\n\\]{4,512})\"",
        gate=r"(?:variable|output)[ \t]{1,4}\"[\w-]{3,80}\"[ \t]{0,4}\{",
        check="plain",
    ),
    Rule(
        "secret",
        "terraform plan: the value after the arrow",
        pattern=r"(?i:password|passwd|secret|token|api_?key|access_?key|private_?key)(?i:_?v?[0-9]{0,2})[ \t]{1,48}=[ \t]\"[^\"\n]{0,256}\"[ \t]->[ \t]\"(?P<v>[^\"\n\\]{4,256})\"",
        gate=r"\"[ \t]->[ \t]\"",
        check="plain",
    ),
    Rule(
        "password",
        "tables and lists of a web page: the name in one cell, the value in the next",
        pattern=r"(?i:password|passphrase|secret|token|api[ _-]?key|access[ _-]?key)</(?:t[dh]|dt)>\s{0,16}<(?:td|dd)\b[^<>\n]{0,60}>(?:<code>)?(?P<v>[^<>\s]{8,256})<",
        gate=r"(?i:password|passphrase|secret|token|key)</(?:t[dh]|dt)>\s{0,16}<(?:td|dd)",
        check="spoken",
    ),
    Rule(
        "password",
        "a filled-in password field of a web page",
        pattern=r"<input\b[^<>]{0,200}?\stype=\\{0,4}[\"']password\\{0,4}[\"'][^<>]{0,200}?\svalue=\\{0,4}[\"'](?P<v>[^\"'<>\s\\]{4,256})\\{0,4}[\"']",
        gate=r"type=\\{0,4}[\"']password\\{0,4}[\"'][^<>]{0,200}\svalue=",
        check="strong",
    ),
    Rule(
        "secret",
        "a variable's name in capitals, a tab, its value",
        pattern=r"(?m:^)[A-Z_]{0,40}(?:PASSWORD|SECRET|TOKEN|API_KEY|ACCESS_KEY|SECRET_KEY)[ ]{0,2}\t{1,4}(?P<v>[^\s\"'`<>]{12,256})(?=\s|$)",
        gate=r"(?:PASSWORD|SECRET|TOKEN|API_KEY|ACCESS_KEY)[ ]{0,2}\t",
        check="machine",
    ),
    Rule(
        "key",
        "api.key=, jwt.key= and their kin in properties",
        pattern=r"(?i:\b(?:api|secret|access|private|encryption|signing|jwt|master)\.key)[ \t]{0,4}[=:][ \t]{0,4}[\"'`]?(?P<v>[0-9A-Za-z_+/=-]{16,256})(?=[\s\"'`;,]|$)",
        gate=r"(?i:\.key)[ \t]{0,4}[=:][ \t]{0,4}[\"'`]?[0-9A-Za-z_+/=-]{16}",
        check="machine",
    ),
    Rule(
        "password",
        "log in with user / password",
        pattern=r"(?i:\b(?:log[ -]?in|sign[ -]?in|credentials|creds))\b[^\n/]{0,24}[ \t:][\"'`]?[\w.@-]{1,60}[\"'`]?[ \t]/[ \t][\"'`]?(?P<v>[^\s\"'`<>(){}\[\],;|]{8,128})",
        gate=r"(?i:log[ -]?in|sign[ -]?in|credentials|creds)[^\n/]{0,90}[ \t]/[ \t]",
        check="spoken",
    ),
    Rule(
        "password",
        "pw: and the Sec-WebSocket bearer of Kubernetes",
        pattern=r"(?<![0-9A-Za-z_.-])(?i:pw)[\"']?[ \t]{0,4}[:=][ \t]{0,4}" + _Q + _V,
        gate=r"(?:^|[^0-9A-Za-z_.-])(?i:pw)[\"']?[ \t]{0,4}[:=]",
        check="strong",
    ),
    Rule(
        "token",
        "Kubernetes bearer in Sec-WebSocket-Protocol",
        "base64url.bearer.authorization.k8s.io.{w20,}",
    ),
)
"""`check`: see `conditions.py`."""
