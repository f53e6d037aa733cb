"""Tools that take a secret as an argument."""

import pytest

from storage.redaction import redact

SECRET = "q8ZkP2vLx9WbR3nT5yUc"


@pytest.mark.parametrize(
    "line",
    [
        "curl -ubob:{} https://h",
        "curl -u {}: https://h",
        "curl -b 'session={}' https://h",
        "git config --global user.password {}",
        "redis-cli AUTH {}",
        "twine upload -u bob -p {} dist/*",
        "unrar x -p{} x.rar",
        "lftp -u bob,{} sftp://h",
        "net use Z: \\\\h\\s {} /user:bob",
        "nmcli dev wifi connect home password {}",
        "ssh-keygen -t ed25519 -N '{}' -f k",
        "mc alias set m https://h bob {}",
        "vault operator unseal {}",
        "consul kv put cfg/db_password {}",
        "aws ssm put-parameter --name /x --type SecureString --value {}",
        "gh secret set API_KEY --body {}",
        "docker secret create db - <<< '{}'",
        "poetry config http-basic.corp bob {}",
        "dotnet user-secrets set 'Db:Password' '{}'",
        "nuget setapikey {} -source s",
        "cargo login --registry corp {}",
        "codecov -t {}",
        "restic --password-command 'echo {}' snapshots",
        "printf '%s' '{}' | docker login --password-stdin",
        "defaults write x ApiToken -string {}",
        "security unlock-keychain -p {} login.keychain",
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
        "curl -u $USER:$PASS https://h",
        "curl -b cookies.txt https://h",
        "git config --global user.name Bob",
        "git config user.password $PW",
        "redis-cli AUTH $REDIS_PASSWORD",
        "twine upload -u bob -p $PW dist/*",
        "unrar x -p- x.rar",
        "scp -p file host:",
        "ssh-keygen -t ed25519 -N '' -f k",
        "vault operator unseal",
        "vault status",
        "aws ssm put-parameter --name /x --value $VALUE",
        'gh secret set API_KEY --body "$API_KEY"',
        "gh secret set API_KEY < key.txt",
        "cat <<< hello",
        "docker secret create db ./db.txt",
        "cargo login",
        "codecov -t ${CODECOV_TOKEN}",
        "kubeadm token list",
        "secret_id = var.secret_id",
    ],
)
def test_references_and_words_stay(line):
    assert redact(line).text == line
