"""The services table: fresh instances of every row are found, near misses are not."""

from storage.redacting import rules_services
from storage.redaction import redact
from tests.storage.redacting.formats import check_table


def test_every_row_finds_fresh_instances_of_its_shape():
    check_table(rules_services.RULES)


def test_the_token_beside_a_twilio_account_goes():
    out = redact('Client("ACe5ca1e312bed4ed7e2a1538d37b6a6a3", "0672f224a91b5ea7a43d12124e20d648")').text
    assert out == 'Client("[REDACTED:twilio-account]", "[REDACTED:twilio-token]")'


def test_the_id_of_a_mattermost_webhook_goes():
    assert redact("https://mm.corp.io/hooks/a7j4eetuyrh8sufr3s3ruyqfbh").text == (
        "https://mm.corp.io/hooks/[REDACTED:chat-webhook]"
    )
    assert redact("https://docs.corp.io/hooks/useeffectcleanupfunctions").text.endswith("functions")
