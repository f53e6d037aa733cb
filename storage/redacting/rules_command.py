"""Command lines, configuration files and statements whose grammar places a secret, one row each.

Values are judged like any value beside a telling name, so `--password $PASSWORD` stays.
"""

from __future__ import annotations

from storage.redacting.rule import Rule

_Q = r"(?P<q>\\{0,4}[\"'`]?)"
_V = r"(?P<v>[^\s\"'`\\|&;<>]{3,256})"

# ruff: noqa: E501
# Expressions are not broken over lines: a rule is compared with its format at a glance.

RULES: tuple[Rule, ...] = (
    Rule(
        "basic-auth",
        "curl, wget and http -u user:password",
        pattern=r"(?:\bcurl\b|\bhttps?\b|\bwget\b|\bxh\b)[^\n]{0,600}?\s(?:-u|--user|--proxy-user|-U|-a|--auth)(?:\s{1,4}|=)\\{0,4}[\"']?[^\s\"':]{0,100}\\{0,4}[\"']?:\\{0,4}[\"']?(?P<v>[^\s\"'\\]{3,256})",
        gate=r"(?:-u|--user|--proxy-user|-U|-a|--auth)[\s=]{1,4}\\{0,4}[\"']?[^\s\"':]{0,100}\\{0,4}[\"']?:\\{0,4}[\"']?[^\s\"'\\]{3}",
        check="plain",
    ),
    Rule(
        "basic-auth",
        "curl -u on a continued line",
        pattern=r"(?m:^)[ \t]{1,16}(?:-u|--user|--proxy-user)[ \t=]{1,4}\\{0,4}[\"']?[^\s\"':]{1,100}:(?P<v>[^\s\"'\\]{3,256})",
        gate=r"(?:-u|--user|--proxy-user)[\s=]{1,4}\\{0,4}[\"']?[^\s\"':]{1,100}:[^\s\"'\\]{3}",
        check="plain",
    ),
    Rule(
        "password",
        "sshpass -p",
        pattern=r"\bsshpass\s{1,4}-p\s{0,4}" + _Q + _V,
        gate=r"sshpass\s{1,4}-p",
        check="plain",
    ),
    Rule(
        "password",
        "docker, podman, helm, oras and az login -p",
        pattern=r"\b(?:login|registry|logon)\b[^\n]{0,300}?\s(?:-p|--password)[ \t=]{1,4}" + _Q + _V,
        gate=r"(?:login|registry|logon)[^\n]{0,300}\s(?:-p|--password)[ \t=]",
        check="plain",
    ),
    Rule(
        "password",
        "mysql -psecret",
        pattern=r"\b(?:mysql|mysqldump|mysqladmin|mysqlimport|mariadb|mariadb-dump)\b[^\n|;]{0,300}?[\s\"',]-p(?P<q>[\"']?)(?P<v>[^\s\"'`|;&<>-][^\s\"'`|;&<>]{2,127})",
        gate=r"(?:mysql|mariadb)[^\n]{0,310}[\s\"',]-p[^\s]",
        check="plain",
    ),
    Rule(
        "password",
        "mongo, mongodump -p",
        pattern=r"\b(?:mongo|mongosh|mongodump|mongorestore|mongoexport|mongoimport)\b[^\n|;]{0,300}?\s-p[ \t]{1,4}"
        + _Q
        + _V,
        gate=r"mongo[^\n]{0,310}\s-p[ \t]",
        check="plain",
    ),
    Rule(
        "password",
        "redis-cli -a",
        pattern=r"\bredis-cli\b[^\n|;]{0,200}?\s(?:-a|--pass)[ \t]{1,4}" + _Q + _V,
        gate=r"redis-cli[^\n]{0,210}\s(?:-a|--pass)",
        check="plain",
    ),
    Rule(
        "password",
        "sqlcmd, bcp, isql -P",
        pattern=r"\b(?:sqlcmd|bcp|isql|osql|sqlplus)\b[^\n|;]{0,300}?\s-P[ \t]{0,4}" + _Q + _V,
        gate=r"(?:sqlcmd|bcp|isql|osql)[^\n]{0,310}\s-P",
        check="plain",
    ),
    Rule(
        "password",
        "sqlplus user/password@",
        pattern=r"\bsqlplus\b[^\n|;]{0,60}?\s[\w.]{1,60}/(?P<v>[^\s\"'@/]{3,128})@",
        gate=r"sqlplus[^\n]{0,130}/[^\s\"'@/]{3}",
        check="plain",
    ),
    Rule(
        "password",
        "ldap tools -w",
        pattern=r"\bldap(?:search|modify|add|delete|passwd|whoami)\b[^\n|;]{0,400}?\s-w[ \t]{1,4}" + _Q + _V,
        gate=r"ldap[a-z]{3,8}\s[^\n]{0,410}-w[ \t]",
        check="plain",
    ),
    Rule(
        "password",
        "smbclient -U user%password",
        pattern=r"\s-U[ \t]{1,4}[\"']?[\w.\\-]{1,60}%(?P<v>[^\s\"'@]{3,128})",
        gate=r"\s-U[ \t]{1,4}[\"']?[\w.\\-]{1,60}%[^\s\"'@]{3}",
        check="plain",
    ),
    Rule(
        "password",
        "htpasswd -b",
        pattern=r"\bhtpasswd\b[^\n|;]{0,100}?\s-[a-zA-Z]*b[a-zA-Z]*\s[^\n|;]{0,160}?\s[\w.@-]{1,60}[ \t]{1,4}"
        + _Q
        + _V
        + r"(?=\s|$|[\"'])",
        gate=r"htpasswd[^\n]{0,110}\s-[a-zA-Z]*b",
        check="plain",
    ),
    Rule(
        "password",
        "openssl pass:",
        pattern=r"\s-(?:pass|passin|passout|storepass|keypass|srcstorepass|deststorepass)[ \t]{1,4}(?:pass:)?(?!-|(?:env|file|fd|stdin)\b)"
        + _Q
        + _V,
        gate=r"\s-(?:pass|passin|passout|storepass|keypass|srcstorepass|deststorepass)[ \t]",
        check="plain",
    ),
    Rule(
        "password",
        "openssl enc -k, -K",
        pattern=r"\bopenssl\b[^\n|;]{0,200}?\s-[kK][ \t]{1,4}" + _Q + _V,
        gate=r"openssl[^\n]{0,210}\s-[kK][ \t]",
        check="plain",
    ),
    Rule(
        "password",
        "zip, unzip, 7z, gpg passphrase",
        pattern=r"(?:\b(?:zip|unzip)\b[^\n|;]{0,60}?\s-P[ \t]{1,4}|\b7z\b[^\n|;]{0,100}?\s-p)" + _Q + _V,
        gate=r"(?:zip[^\n]{0,70}\s-P|7z[^\n]{0,110}\s-p)",
        check="plain",
    ),
    Rule(
        "password",
        "echo password into sudo, su, passwd, chpasswd, login",
        pattern=r"\b(?:echo|printf)[ \t]{1,4}(?:-n[ \t]{1,4})?\\{0,4}[\"']?(?:[\w.-]{1,40}:)?(?P<v>[^\s\"'`\\|]{3,128})\\{0,4}[\"']?[ \t]{0,4}\|[ \t]{0,4}(?:sudo[ \t]{1,4}(?:-[A-Za-z]{1,4}[ \t]{1,4})*-S|sudo[ \t]{1,4}-[A-Za-z]*S|sudo[ \t]chpasswd|chpasswd|passwd|[^\n|]{0,80}--password-stdin|gh auth login|sudo[ \t]{1,4}tee[ \t]/etc/\S{0,40}pass)",
        gate=r"(?:echo|printf)[ \t][^\n|]{3,200}\|[^\n|]{0,90}(?:-S|chpasswd|passwd|-[A-Za-z]*S|--password-stdin|gh auth login)",
        check="plain",
    ),
    Rule(
        "password",
        "net user / net use",
        pattern=r"(?i:\bnet1?\s{1,4}user)\s{1,4}[\w.\\-]{1,60}\s{1,4}(?P<v>[^\s\"'/]{4,128})\s{1,4}/",
        gate=r"(?i:net1?\s{1,4}user)\s",
        check="plain",
    ),
    Rule(
        "password",
        "useradd -p, wireless key",
        pattern=r"\b(?:useradd|usermod)\b[^\n|;]{0,120}?\s-p[ \t]{1,4}" + _Q + _V,
        gate=r"(?:useradd|usermod)[^\n]{0,130}\s-p[ \t]",
        check="plain",
    ),
    Rule(
        "password",
        "PowerShell ConvertTo-SecureString",
        pattern=r"(?i:ConvertTo-SecureString)\s{1,4}(?:-String\s{1,4})?(?P<q>[\"'])(?P<v>[^\"'\n]{3,256})[\"']",
        gate=r"(?i:ConvertTo-SecureString)\s",
        check="plain",
    ),
    Rule(
        "password",
        "PSCredential, NetworkCredential",
        pattern=r"(?i:NetworkCredential|PSCredential|HTTPBasicAuth|BasicAuth|UsernamePasswordToken|BasicAuthentication|basic_auth|SetBasicAuth|\bauth)[\s=:]{0,4}[(\[]\s{0,4}\\{0,4}[\"'][^\"'\n\\]{1,100}\\{0,4}[\"']\s{0,4},\s{0,4}\\{0,4}[\"'](?P<v>[^\"'\n\\]{4,256})\\{0,4}[\"']",
        gate=r"(?i:NetworkCredential|PSCredential|BasicAuth|UsernamePasswordToken|basic_auth|auth[\s=:]{0,4}[(\[])",
        check="plain",
    ),
    Rule(
        "password",
        "SQL IDENTIFIED BY, WITH PASSWORD",
        pattern=r"(?i:identified\s{1,4}(?:with\s{1,4}[\w'\"]{1,40}\s{1,4})?by|(?:with\s{1,4}|encrypted\s{1,4})password|role\s{1,4}\S{1,60}\s{1,4}password|user\s{1,4}\S{1,60}\s{1,4}password|set\s{1,4}password\s{1,4}for\s[^\n=]{1,80}=|(?<![\"'\w.-])password\s{0,4}\(|(?<![\"'\w.-])password\s)\s{0,4}\(?\s{0,4}\\{0,4}(?P<q>[\"'])(?P<v>[^\"'\n\\]{3,128})\\{0,4}[\"']",
        gate=r"(?i:identified\s|password\s{0,4}\(?\s{0,4}\\{0,4}[\"'][^\"'\n]{3}|set\s{1,4}password)",
        check="plain",
    ),
    Rule(
        "password",
        "netrc",
        pattern=r"\blogin\s{1,8}\S{1,100}\s{1,8}password\s{1,8}(?P<v>[^\s\"']{3,256})",
        gate=r"login\s{1,8}[^\s]{1,100}\s{1,8}password\s",
        check="plain",
    ),
    Rule(
        "password",
        "netrc, password first",
        pattern=r"\bmachine\s{1,8}\S{1,100}\s{1,8}password\s{1,8}(?P<v>[^\s\"']{3,256})",
        gate=r"machine\s{1,8}[^\s]{1,100}\s{1,8}password\s",
        check="plain",
    ),
    Rule(
        "password",
        "pgpass line",
        pattern=r"(?m:^|[\"'\s])(?:[\w-]{1,60}(?:\.[\w-]{1,60})*|\*):(?:[3-6][0-9]{3}|\*):[\w*-]{1,60}:[\w*.-]{1,60}:(?P<v>[^\s:\"']{4,128})(?=\s|$|[\"'])",
        gate=r"[\w*]:(?:[3-6][0-9]{3}|\*):[\w*-]{1,60}:[\w*.-]{1,60}:[^\s:\"']{4}",
        check="plain",
    ),
    Rule(
        "password",
        "redis.conf requirepass, masterauth; my.cnf; openvpn",
        pattern=r"(?m:^)[ \t]{0,8}(?:requirepass|masterauth|bindpw|rootpw|primary_conninfo|sasl_password)[ \t]{1,8}"
        + _Q
        + _V,
        gate=r"(?:requirepass|masterauth|bindpw|rootpw|sasl_password)[ \t]",
        check="plain",
    ),
    Rule(
        "password",
        "redis ACL user >password",
        pattern=r"(?i:\buser\s{1,4}\S{1,60}\s{1,4}on\s[^\n]{0,200}?|acl setuser\s[^\n]{0,200}?)\s?>(?P<v>[^\s\"']{4,128})",
        gate=r"(?i:user)\s[^\n]{0,300}>[^\s\"']{4}",
        check="plain",
    ),
    Rule(
        "credential",
        "aws configure set, npm config set, git config, firebase functions:config",
        pattern=r"\b(?:configure|config)[ \t]{1,4}set[ \t]{1,4}\S{0,120}?(?:secret|token|password|_auth|[_-]key)\w{0,16}[ \t=]{1,4}"
        + _Q
        + _V,
        gate=r"config(?:ure)?[ \t]{1,4}set[ \t]",
        check="bare",
    ),
    Rule(
        "credential",
        "login and auth verbs that take the token",
        pattern=r"\b(?:vault|snyk|argocd|oc|huggingface-cli|hf|wandb|railway|pulumi|doppler|sentry-cli|ngrok|netlify|cloudsmith|npm-cli-login)[ \t]{1,4}(?:login|auth|config add-authtoken|authtoken|configs?)[ \t]{1,4}(?:token=|--token[ =]|-t[ ]|add-authtoken[ ])?"
        + _Q
        + r"(?P<v>[0-9A-Za-z._~+/-]{16,512})",
        gate=r"(?:vault|snyk|argocd|oc|huggingface-cli|hf|wandb|railway|pulumi|doppler|sentry-cli|ngrok|netlify|cloudsmith|npm-cli-login)[ \t]{1,4}(?:login|auth|config add-authtoken|authtoken|configs?)[ \t]{1,4}",
        check="random",
    ),
    Rule(
        "api-key-header",
        "X-… key headers without a telling name",
        pattern=r"(?i:\b(?:x-[a-z0-9-]{0,40}(?:key|token|auth|secret|signature)|apikey|api-key|private-token|job-token|deploy-token|ocp-apim-subscription-key|x-jfrog-art-api|x-figma-token|dd-api-key|circle-token|x-vault-token|x-amz-security-token|authorization-token|fastly-key|linear-signature|stripe-signature|x-hub-signature-256))\\{0,4}[\"']?[ \t]{0,4}[:=,][ \t]{0,4}\\{0,4}[\"']?(?P<v>[^\s\"'\\<>,;&]{8,512})",
        gate=r"(?i:(?:x-[a-z0-9-]{0,40}(?:key|token|auth|secret|signature)|apikey|api-key|private-token|job-token|deploy-token|x-jfrog-art-api|circle-token|fastly-key|linear-signature|stripe-signature))\\{0,4}[\"']?[ \t]{0,4}[:=,]",
        check="random",
    ),
    Rule(
        "jwk-private",
        "JSON Web Key, private members (RFC 7517)",
        pattern=r"\\{0,4}[\"'](?:d|p|q|dp|dq|qi|k)\\{0,4}[\"'][ \t]{0,4}:[ \t]{0,4}\\{0,4}[\"'](?P<v>[0-9A-Za-z_-]{20,4096})\\{0,4}[\"']",
        gate=r"[\"'](?:d|p|q|dp|dq|qi|k)\\{0,4}[\"'][ \t]{0,4}:[ \t]{0,4}\\{0,4}[\"'][0-9A-Za-z_-]{20}",
        near=("kty", '"crv', '"use"', '"alg"', '"n"', "'n'"),
        reach=2400,
    ),
    Rule(
        "nuget-password",
        "NuGet.config credentials",
        pattern=r"(?i:key)=\"(?i:ClearTextPassword|Password)\"[ \t]{1,4}(?i:value)=\"(?P<v>[^\"\n]{4,256})\"",
        gate=r"(?i:key=.(?:ClearText)?Password.[ \t]{1,4}value=)",
        check="plain",
    ),
)
"""`check`: see `conditions.py`."""
