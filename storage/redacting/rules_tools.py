"""Command lines of tools that take a secret as an argument, one row each; shells, clouds, registries, secret stores.

The rows of `rules_command.py` are the older half: clients of databases, archives, system tools.
"""

from __future__ import annotations

from storage.redacting.rule import Rule

_Q = r"\\{0,4}[\"'`]?"
_V = r"(?P<v>[^\s\"'`\\|&;<>]{3,256})"

# ruff: noqa: E501
# Expressions are not broken over lines: a rule is compared with its format at a glance.

RULES: tuple[Rule, ...] = (
    Rule(
        "basic-auth",
        "curl -uuser:password",
        pattern=r"\bcurl\b[^\n]{0,600}?\s-u\\{0,4}[\"']?[^\s\"':-][^\s\"':]{0,99}:" + _Q + r"(?P<v>[^\s\"'\\]{3,256})",
        gate=r"curl\s",
        check="plain",
    ),
    Rule(
        "basic-auth",
        "curl -u key: (the key is the user name, the password is empty)",
        pattern=r"\bcurl\b[^\n]{0,600}?\s(?:-u|--user)[\s=]{1,4}"
        + _Q
        + r"(?P<v>[^\s\"':\\]{10,256}):"
        + _Q
        + r"(?=\s|$)",
        gate=r"curl\s",
        check="tokenish",
    ),
    Rule(
        "cookie",
        "curl -b, --cookie name=value",
        pattern=r"\bcurl\b[^\n]{0,600}?\s(?:-b|--cookie)[\s=]{1,4}" + _Q + r"[\w.-]{1,80}=(?P<v>[^\s\"';\\]{8,4096})",
        gate=r"curl\s",
        check="random",
    ),
    Rule(
        "password",
        "git config user.password and kin",
        pattern=r"\bgit[ \t]config[^\n|;]{0,120}?[\w.-]{0,40}\.(?:password|token|secret)[ \t]{1,4}" + _Q + _V,
        gate=r"git[ \t]config[^\n]{0,160}\.(?:password|token|secret)[ \t]",
        check="plain",
    ),
    Rule(
        "password",
        "Redis AUTH",
        pattern=r"(?:\bredis-cli\b[^\n|;]{0,200}?\s|(?m:^)(?:[\w.:\[\]-]{0,80}> ?)?|[\"'] ?)(?:AUTH|auth)[ \t]{1,4}(?:default[ \t]{1,4})?"
        + _Q
        + _V
        + r"(?=\s|$|[\"'])",
        gate=r"(?:AUTH|redis-cli[^\n]{0,210}\sauth)[ \t]{1,4}[^\s]{3}",
        check="strong",
    ),
    Rule(
        "password",
        "-p password of clients that log in",
        pattern=r"\b(?:cqlsh|twine|influx|rabbitmqadmin|mosquitto_(?:pub|sub)|nomad|rasa|sshfs|xfreerdp|mongostat|arangosh|curlftpfs|ipmitool|pscp|plink|winexe|crackmapexec|evil-winrm|kinit|ncftp\w{0,4}|rclone|sftp|cloudsmith|conan|jfrog|jf|skopeo|crane|buildah|nerdctl)\b[^\n|;]{0,300}?\s(?:-p|-pw|-P)[ \t]{1,4}"
        + _Q
        + _V,
        gate=r"(?:cqlsh|twine|influx|rabbitmqadmin|mosquitto_|nomad|sshfs|xfreerdp|mongostat|arangosh|ipmitool|pscp|plink|winexe|evil-winrm|kinit|ncftp|rclone|sftp|cloudsmith|conan|jfrog|skopeo|crane|buildah|nerdctl)[^\n]{0,320}\s(?:-p|-pw|-P)[ \t]",
        check="strong",
    ),
    Rule(
        "password",
        "unrar, rar, 7z -ppassword",
        pattern=r"\b(?:unrar|rar|7za?|7zr)\b[^\n|;]{0,100}?\s-p" + _Q + _V,
        gate=r"(?:rar|7z)[^\n]{0,110}\s-p[^\s]",
        check="plain",
    ),
    Rule(
        "password",
        "lftp -u user,password",
        pattern=r"\blftp\b[^\n|;]{0,200}?\s-u[ \t]{1,4}" + _Q + r"[^\s,\"']{1,80}," + _V,
        gate=r"lftp[^\n]{0,210}\s-u[ \t]",
        check="plain",
    ),
    Rule(
        "password",
        "net use, password before the user",
        pattern=r"(?i:\bnet1?\s{1,4}use)\s[^\n|]{0,120}?\\\\[^\s]{1,200}\s{1,4}(?P<v>[^\s\"'/\\*][^\s\"'/]{3,127})\s{1,4}/(?i:user)",
        gate=r"(?i:net1?\s{1,4}use)\s[^\n]{0,330}/(?i:user)",
        check="plain",
    ),
    Rule(
        "password",
        "nmcli, wpa_passphrase, iwctl",
        pattern=r"(?:\bnmcli\b[^\n|;]{0,200}?\s(?:password|wifi-sec\.psk)|\bwpa_passphrase[ \t]{1,4}\S{1,64}|\biwctl[ \t]{1,4}--passphrase)[ \t]{1,4}"
        + _Q
        + _V,
        gate=r"(?:nmcli[^\n]{0,210}\s(?:password|wifi-sec)|wpa_passphrase[ \t]|iwctl[ \t]{1,4}--passphrase)",
        check="plain",
    ),
    Rule(
        "password",
        "ssh-keygen -N, -P",
        pattern=r"\bssh-keygen\b[^\n|;]{0,200}?\s-[NP][ \t]{0,4}" + _Q + _V,
        gate=r"ssh-keygen[^\n]{0,210}\s-[NP]",
        check="plain",
    ),
    Rule(
        "secret",
        "mc alias set, s3 host key secret",
        pattern=r"\bmc[ \t]{1,4}(?:alias[ \t]{1,4}set|config[ \t]{1,4}host[ \t]{1,4}add)[ \t]{1,4}\S{1,60}[ \t]{1,4}\S{1,200}[ \t]{1,4}\S{3,128}[ \t]{1,4}"
        + _Q
        + _V,
        gate=r"mc[ \t]{1,4}(?:alias[ \t]{1,4}set|config[ \t]{1,4}host)",
        check="plain",
    ),
    Rule(
        "vault-unseal-key",
        "vault operator unseal",
        pattern=r"\b(?:vault|bao)[ \t]{1,4}(?:operator[ \t]{1,4})?unseal[ \t]{1,4}"
        + _Q
        + r"(?P<v>[0-9A-Za-z+/=]{16,128})",
        gate=r"(?:vault|bao)[ \t]{1,4}(?:operator[ \t]{1,4})?unseal[ \t]",
        check="random",
    ),
    Rule(
        "vault-secret-id",
        "Vault AppRole secret_id",
        pattern=r"\bsecret_id[\"']?[ \t]{0,4}[=:][ \t]{0,4}[\"']?(?P<v>[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})",
        gate=r"secret_id[\"']?[ \t]{0,4}[=:]",
    ),
    Rule(
        "secret",
        "key-value stores: consul kv put, etcdctl put, vault kv, key name telling",
        pattern=r"\b(?:consul[ \t]kv[ \t]put|etcdctl[ \t]put|redis-cli[ \t]set|chamber[ \t]write[ \t]\S{1,60})[ \t]{1,4}(?:-\S{1,30}[ \t]{1,4})*\S{0,120}?(?i:password|passwd|secret|token|[_/-]key|credential)\S{0,40}[ \t]{1,4}"
        + _Q
        + _V,
        gate=r"(?:consul[ \t]kv[ \t]put|etcdctl[ \t]put|redis-cli[ \t]set|chamber[ \t]write)[ \t]",
        check="plain",
    ),
    Rule(
        "secret",
        "cloud secret stores: --value, --secret-string, --body, --data",
        pattern=r"\b(?:ssm[ \t]put-parameter|keyvault[ \t]secret[ \t]set|secretsmanager[ \t](?:create-secret|put-secret-value|update-secret)|secret(?:s)?[ \t](?:set|put|add|create|versions[ \t]add)|variable[ \t]set|kms[ \t]encrypt|env[ \t](?:add|set))\b[^\n|;]{0,400}?\s(?:--value|--secret-string|--body|--plaintext|--secret|-b|--data)[ \t=]{0,4}"
        + _Q
        + _V,
        gate=r"(?:put-parameter|keyvault[ \t]secret|secretsmanager[ \t]|secrets?[ \t](?:set|put|add|create|versions)|variable[ \t]set|kms[ \t]encrypt|env[ \t](?:add|set))[^\n]{0,420}\s(?:--value|--secret-string|--body|--plaintext|--secret|-b|--data)",
        check="plain",
    ),
    Rule(
        "secret",
        "a here-string into a command that stores secrets",
        pattern=r"\b(?:secret|secrets|env|token|login|auth|password|credential)s?\b[^\n|;]{0,200}?<<<[ \t]{0,4}"
        + _Q
        + _V,
        gate=r"(?:secret|env|token|login|auth|password|credential)[^\n]{0,210}<<<",
        check="plain",
    ),
    Rule(
        "secret",
        "env verbs that take NAME value",
        pattern=r"\b(?:netlify[ \t]env:set|heroku[ \t]config:add|vercel[ \t]env[ \t]add|convex[ \t]env[ \t]set|eas[ \t]secret:create|supabase[ \t]secrets[ \t]set|doppler[ \t]secrets[ \t]set)[ \t]{1,4}\w{0,60}(?:PASSWORD|PASS|SECRET|TOKEN|KEY)\w{0,16}[ \t=]{1,4}"
        + _Q
        + _V,
        gate=r"(?:env:set|config:add|env[ \t](?:add|set)|secret:create|secrets[ \t]set)[ \t]",
        check="plain",
    ),
    Rule(
        "password",
        "poetry config http-basic, bundle config, composer config",
        pattern=r"\b(?:poetry[ \t]config[ \t]http-basic\.\S{1,60}[ \t]{1,4}\S{1,80}|composer[ \t]config[^\n|;]{0,60}?http-basic\.\S{1,80}[ \t]{1,4}\S{1,80}|composer[ \t]config[^\n|;]{0,60}?(?:github-oauth|gitlab-token)\.\S{1,80})[ \t]{1,4}"
        + _Q
        + _V,
        gate=r"(?:poetry|composer)[ \t]config[^\n]{0,60}(?:http-basic|github-oauth|gitlab-token)",
        check="plain",
    ),
    Rule(
        "secret",
        "dotnet user-secrets set",
        pattern=r"\buser-secrets[ \t]set[ \t]{1,4}\\{0,4}[\"']?[\w:.-]{0,100}?(?i:password|pwd|secret|token|key|connectionstring)[\w:.-]{0,40}\\{0,4}[\"']?[ \t]{1,4}"
        + _Q
        + _V,
        gate=r"user-secrets[ \t]set[ \t]",
        check="plain",
    ),
    Rule(
        "key",
        "nuget setapikey, gem push --key, dotnet nuget push -k",
        pattern=r"(?i:\bnuget(?:\.exe)?[ \t]{1,4}setapikey[ \t]{1,4}|\bgem[ \t]{1,4}push\b[^\n|;]{0,120}?\s--key[ \t]{1,4}|\bnuget[ \t]{1,4}push\b[^\n|;]{0,200}?\s-k[ \t]{1,4})"
        + _Q
        + r"(?P<v>[0-9A-Za-z_-]{20,128})",
        gate=r"(?i:setapikey[ \t]|gem[ \t]{1,4}push[^\n]{0,130}--key[ \t]|nuget[ \t]{1,4}push[^\n]{0,210}-k[ \t])",
        check="machine",
    ),
    Rule(
        "token",
        "cargo login, codecov, bash uploader, pip-audit: the token stands alone",
        pattern=r"(?:\bcargo[ \t]{1,4}login\b(?:[ \t]{1,4}--registry[ \t]{1,4}\S{1,60})?|\bcodecov\b[^\n|;]{0,120}?\s-t|\bbash[ \t]<\([^\n)]{0,200}\)[^\n|;]{0,80}?\s-t|\bsnyk[ \t]auth|\bcloudflared[ \t](?:service[ \t]install|tunnel[ \t]run[ \t]--token)|\bsentry-cli[ \t]login[ \t]--auth-token|\btailscale[ \t]up[^\n]{0,80}--auth-?key)[ \t=]{1,4}"
        + _Q
        + r"(?P<v>[0-9A-Za-z._~+/=-]{16,1024})",
        gate=r"(?:cargo[ \t]{1,4}login|codecov[^\n]{0,130}-t[ \t]|bash[ \t]<\([^\n]{0,300}\s-t[ \t]|snyk[ \t]auth|cloudflared[ \t](?:service|tunnel)|sentry-cli[ \t]login|tailscale[ \t]up)",
        check="machine",
    ),
    Rule(
        "password",
        "--password-command 'echo secret', printf '%s' secret | login",
        pattern=r"(?:--pass(?:word|phrase)-command[ \t=]{1,4}[\"']?(?:echo|printf)[ \t]{1,4}|\bprintf[ \t]{1,4}[\"']%s(?:\\\\?n)?[\"'][ \t]{1,4}(?=[^\n|]{3,300}\|[^\n]{0,90}(?:-stdin|login|passwd|-S\b)))"
        + _Q
        + _V,
        gate=r"(?:--pass(?:word|phrase)-command[ \t=]{1,4}[\"']?(?:echo|printf)|printf[ \t]{1,4}[\"']%s)",
        check="plain",
    ),
    Rule(
        "token",
        "Sonar login property",
        pattern=r"sonar\.(?:login|token)[ \t]{0,4}[=:][ \t]{0,4}(?P<v>[0-9a-f]{40})(?![0-9A-Za-z])",
        gate=r"sonar\.(?:login|token)",
    ),
    Rule(
        "secret",
        "macOS defaults write",
        pattern=r"\bdefaults[ \t]{1,4}write[ \t]{1,4}\S{1,100}[ \t]{1,4}\S{0,60}(?i:password|secret|token|key)\S{0,16}[ \t]{1,4}(?:-string[ \t]{1,4})?"
        + _Q
        + _V,
        gate=r"defaults[ \t]{1,4}write[ \t]",
        check="strong",
    ),
    Rule(
        "password",
        "macOS security, keytool, PowerShell: password arguments",
        pattern=r"\bsecurity[ \t]{1,4}(?:add-(?:generic|internet)-password|unlock-keychain|import|create-keychain)\b[^\n|;]{0,200}?\s-[wpP][ \t]{1,4}"
        + _Q
        + _V,
        gate=r"security[ \t]{1,4}(?:add-|unlock-|import|create-)[^\n]{0,230}\s-[wpP][ \t]",
        check="plain",
    ),
    Rule(
        "password",
        "Windows tools with slashes: xfreerdp, cmdkey, mstsc, schtasks, PsExec, runas",
        pattern=r"(?i:\b(?:[xw]freerdp[23]?|cmdkey|schtasks|psexec(?:64)?|rdesktop)(?:\.exe)?)\b[^\n|;]{0,300}?\s(?:[/-](?i:p|pass|rp)(?:[ \t]{1,4}|:))"
        + _Q
        + _V,
        gate=r"(?i:freerdp|cmdkey|schtasks|psexec|rdesktop)[^\n]{0,320}\s[/-](?i:p|pass|rp)[ \t:]",
        check="plain",
    ),
    Rule(
        "password",
        "rabbitmqctl add_user, change_password; rclone config: the password follows the user or its name",
        pattern=r"\b(?:rabbitmqctl[ \t][^\n|;]{0,80}?(?:add_user|change_password|authenticate_user)[ \t]{1,4}\S{1,80}|rclone[ \t]{1,4}config[ \t]{1,4}(?:create|update|password)\b[^\n|;]{0,300}?\s(?:pass|password|secret_access_key|token|client_secret))[ \t=]{1,4}"
        + _Q
        + _V,
        gate=r"(?:rabbitmqctl[ \t]|rclone[ \t]{1,4}config[ \t])",
        check="plain",
    ),
    Rule(
        "token",
        "shodan init, cachix authtoken, doctl auth init, bundle config of a gem server",
        pattern=r"\b(?:shodan[ \t]init|cachix[ \t]authtoken|doctl[ \t]auth[ \t]init[^\n|;]{0,80}?\s(?:-t|--access-token)|glab[ \t]auth[ \t]login[^\n|;]{0,80}?\s-t|bundle[ \t]config(?:[ \t](?:set[ \t])?--(?:global|local))?(?:[ \t]set)?[ \t][\w-]{1,60}(?:\.[\w-]{1,60}){1,4})[ \t]{1,4}"
        + _Q
        + _V,
        gate=r"(?:shodan[ \t]init|cachix[ \t]authtoken|doctl[ \t]auth|glab[ \t]auth|bundle[ \t]config)",
        check="tokenish",
    ),
    Rule(
        "secret",
        "what a pipeline is told to mask: GitHub ::add-mask::, Azure issecret=true",
        pattern=r"(?:::add-mask::|##vso\[task\.setvariable[^\]\n]{0,120}issecret=true[^\]\n]{0,60}\])(?P<v>[^\s\"'`\\|&;<>]{3,256})",
        gate=r"(?:::add-mask::|##vso\[task\.setvariable)",
        check="plain",
    ),
    Rule(
        "password",
        "Gradle storePassword, keyPassword",
        pattern=r"\b(?:store|key)Password[ \t]{0,4}\(?[ \t]{0,4}\\{0,4}[\"'](?P<v>[^\"'\n\\]{3,128})\\{0,4}[\"']",
        gate=r"(?:store|key)Password[ \t(]",
        check="plain",
    ),
    Rule(
        "password",
        "elasticsearch-reset-password: New value",
        pattern=r"\bNew value:[ \t]{1,4}(?P<v>[^\s\"'<>]{8,128})",
        gate=r"New value:[ \t]",
        near=("[elastic]", "password", "_system]"),
        reach=200,
        check="strong",
    ),
    Rule(
        "password",
        "SMTP and IMAP: AUTH PLAIN and what an FTP client answers to 331",
        pattern=r"(?:\bAUTH(?:ENTICATE)?[ \t]PLAIN[ \t](?P<v>[0-9A-Za-z+/]{12,400}={0,2}))(?![0-9A-Za-z+/=])",
        gate=r"AUTH(?:ENTICATE)?[ \t]PLAIN[ \t][0-9A-Za-z+/]{12}",
        check="tokenish",
    ),
    Rule(
        "password",
        "FTP: the PASS that follows 331",
        pattern=r"\b331[ -][^\n]{0,120}\n[^\n]{0,20}?PASS[ \t]{1,4}(?P<v>\S{3,128})",
        gate=r"331[ -][^\n]{0,120}\n[^\n]{0,20}PASS[ \t]",
        check="plain",
    ),
    Rule(
        "token",
        "conda channel token",
        pattern=r"/t/(?P<v>[a-z]{2}-[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})/",
        gate=r"/t/[a-z]{2}-[0-9a-f]{8}-[0-9a-f]{4}-",
    ),
    Rule(
        "k3s-token",
        "K3s and RKE2 join token",
        "K10{h64}::(server|node|agent):{x32,64}",
    ),
    Rule(
        "swarm-token",
        "Docker Swarm join token",
        "SWMTKN-1-{l49,50}-{l24,25}",
    ),
    Rule(
        "kubeadm-token",
        "Kubernetes bootstrap token",
        pattern=r"\btoken[\"']?[ \t=:]{1,4}[\"']?(?P<v>[a-z0-9]{6}\.[a-z0-9]{16})(?![0-9A-Za-z.])",
        gate=r"token[\"']?[ \t=:]{1,4}[\"']?[a-z0-9]{6}\.[a-z0-9]{16}",
        check="digit",
    ),
)
"""`check`: see `conditions.py`."""
