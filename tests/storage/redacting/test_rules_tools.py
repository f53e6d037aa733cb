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
        "xfreerdp /u:bob /p:{} /v:h",
        "cmdkey /add:h /user:bob /pass:{}",
        "schtasks /create /tn x /ru bob /rp {}",
        "psexec \\\\h -u bob -p {} cmd",
        "rabbitmqctl add_user bob {}",
        "rabbitmqctl -n r@h change_password bob {}",
        "rclone config create x sftp host h pass {}",
        "shodan init {}",
        "bundle config --global gems.corp.io {}",
        "::add-mask::{}",
        "##vso[task.setvariable variable=x;issecret=true]{}",
        "    storePassword '{}'",
        "Password for the [elastic] user successfully reset.\nNew value: {}",
        "AUTH PLAIN {}",
        "331 Password required for bob\nPASS {}\n230 in",
        "127.0.0.1:6379> AUTH {}",
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
        "xfreerdp /u:bob /p:$PW /v:h",
        "cmdkey /list",
        "schtasks /create /tn x /ru SYSTEM /sc daily",
        "psexec -p",
        "rabbitmqctl add_user bob $PASS",
        "rabbitmqctl list_users",
        "rclone config create x s3 provider AWS",
        "bundle config set --local path vendor/bundle",
        "bundle config build.nokogiri --use-system-libraries",
        "bundle config mirror.https://rubygems.org http://localhost:9292",
        "echo ::add-mask::$TOKEN",
        "##vso[task.setvariable variable=x;issecret=true]$(token)",
        "storePassword keystoreProperties['storePassword']",
        "Old value: 3\nNew value: Q7rT2p9x",
        "250-AUTH PLAIN LOGIN CRAM-MD5",
        "AUTH PLAIN authenticationrequired",
    ],
)
def test_references_and_words_stay(line):
    assert redact(line).text == line


def test_the_token_of_a_conda_channel_goes_and_the_channel_stays():
    out = redact("https://conda.anaconda.org/t/px-8bd37082-54ec-402d-a2fe-1e8af96c5999/org/linux-64").text
    assert out == "https://conda.anaconda.org/t/[REDACTED:token]/org/linux-64"
