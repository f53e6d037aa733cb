"""Command lines and statements whose grammar places a secret: the value goes, references and the command stay."""

import pytest

from storage.redaction import redact

SECRET = "x7Kq9Zt2vLm4"


@pytest.mark.parametrize(
    "line",
    [
        "curl -u bob:{} https://host",
        "curl --user 'bob:{}' https://host",
        "sshpass -p {} ssh host",
        "docker login -u bob -p {} registry.corp",
        "mysql -uroot -p{} shop",
        "mysqldump -u root --password={} shop",
        "mongodump -u root -p {} --db x",
        "redis-cli -a {} ping",
        "sqlcmd -S db -U sa -P {} -Q 'select 1'",
        "ldapsearch -x -w {} -b dc=x",
        "smbclient -U bob%{} //srv/share",
        "openssl rsa -passin pass:{} -in k.pem",
        "openssl enc -aes-256-cbc -k {} -in a",
        "zip -P {} a.zip f",
        "echo {} | sudo -S true",
        "echo 'bob:{}' | chpasswd",
        "ConvertTo-SecureString '{}' -AsPlainText",
        "ALTER USER app WITH PASSWORD '{}';",
        "CREATE USER x IDENTIFIED BY '{}';",
        "machine host login bob password {}",
        "db.corp:5432:app:bob:{}",
        "requirepass {}",
        "npm config set //host/:_authToken {}",
        "X-Auth-Key: {}0aB1cD2",
        '<add key="ClearTextPassword" value="{}" />',
        "requests.get(u, auth=('bob', '{}'))",
    ],
)
def test_the_value_goes_and_the_command_stays(line):
    text = line.format(SECRET)
    out = redact(text).text
    assert SECRET not in out
    assert out.split("[REDACTED")[0] == text.split(SECRET)[0]


@pytest.mark.parametrize(
    "line",
    [
        "curl -u $USER:$PASS https://host",
        "curl -u user:password https://host",
        "mysql -u root -p shop",
        "docker login -u bob --password-stdin",
        "psql -h db -p 5432 -U app",
        "mkdir -p build/out",
        "openssl rsa -passin env:PW -in k.pem",
        "sshpass -e ssh host",
        "redis-cli -p 6379 ping",
    ],
)
def test_references_and_other_flags_stay(line):
    assert redact(line).text == line
