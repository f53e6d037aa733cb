"""Whether what stands beside a telling name is a secret, or code, a reference, a placeholder, a word.

The question is never "is this random" alone: passwords are words, and code is full of random-looking names. It is
asked with
what the reader saw: what kind of name, quoted or bare, in a shell assignment or in a program.
"""

from __future__ import annotations

import itertools
import re

from storage.redacting.examples import is_published
from storage.redacting.validators import digits_in, entropy, is_counted
from storage.redacting.words import HEADER, PASSWORD, TOKEN, WEAK, wordset

BARE = "bare"
"""Unquoted, in a program or in prose."""
ENV = "env"
"""Unquoted, in `NAME=value` without spaces around the sign: shells, env files, command lines."""
LINE = "line"
"""Unquoted, the only thing after `name:` on its line: YAML, headers, listings."""
QUOTED = "quoted"

_WORDS = wordset(
    "password passwd pass pwd passphrase secret secrets token tokens key keys apikey api_key auth authorization "
    "bearer basic digest none null nil nan true false yes no on off undefined unset empty string str text int "
    "integer bool boolean number object array list dict bytes any unknown never void required optional hidden "
    "default username user login email name value example sample test testing dummy fake foo bar baz qux foobar "
    "admin guest root postgres changeme change_me change-me changeit replaceme replace_me "
    "fail passed skip skipped todo tbd fixme xxx xxxx redacted masked removed "
    "hidden secret_key access_key private_key access_token refresh_token id_token client_secret your_token "
    "your_password mypassword mysecret mytoken client_credentials authorization_code password_credentials "
    "refresh session cookie header query body form file env environment input output prompt stdin keyring "
    "keychain vault kubernetes opaque generated random auto automatic manual inherit same-origin include omit "
    "disabled enabled enable disable valid invalid missing expired revoked char varchar uuid id ref self this "
    "cls super new old current next prev type types import export return function class const let var def async "
    "await public private protected static final strong weak medium low high good bad ok error failed success "
    "warning info debug help more less show hide forgot reset plaintext encrypted cleartext sha1 sha256 sha512 "
    "md5 bcrypt argon2 scrypt hmac rsa aes jwt oauth oauth2 saml ldap otp totp sms ssh tls ssl current-password "
    "new-password one-time-code pat literal bytearray memoryview chararray securestring secretstr optional[str] "
    "credentials credential it is a an the for to of in and or not be as at by on with from via has was"
)
_REFERENCE = re.compile(
    r"""^(?:
      [$@#]?\{ | \$[({A-Za-z_0-9!] | \$\{\{ | \{\{ | \{% | <[%A-Za-z/!$\[{ ] | \#\{
      | %(?:[A-Za-z_]\w*%|[sdrvq](?![\w])|[({])
      | @Microsoft\.KeyVault | !(?:Ref|Sub|GetAtt|ImportValue|secret|vault|env|reference)\b
      | \[[A-Z<_ -]+\]? | \*{2,} | \.{2,} | -{2,} | _{3,} | [xX]{3,}(?:$|[-_.xX]) | \?{2,} | \+{3,} | \&[A-Za-z*]
      | \\?[nrt]?$
      | (?:process\.env|os\.environ|os\.getenv|getenv|ENV|env|environ|import\.meta|System\.getenv|Deno\.env|
          config|settings|secrets|vars?|local|data|module|params?|inputs?|outputs?|needs|steps|github|self|
          this|ctx|context|req|request|res|response|args?|options?|opts|props|state|user|app|event|session|
          client|credentials|creds|cfg|conf|kwargs|values|spec|fixtures?)(?:\.|\[|\?\.|->|::|\()
      | (?:op|vault|secretref|secret|ref|keyring|pass|ssm|awssm|gcpsm|azurekv|env|file|sops|kms|bao|doppler|sm|akv)(?:://|\+[a-z])
      | (?:arn:aws|projects/[^/]+/secrets/) | data:[a-z]+/ | (?:sha(?:1|256|384|512)|md5)[-:=]
      | (?:github|gitlab|bitbucket|gist|git\+\w{2,5}|npm|link|portal|workspace|patch|catalog|jsr):
      | (?:new|await|async|function|lambda|return|typeof|yield|not|if|else|None|null|nil|undefined
          |true|false|True|False)\b(?![0-9A-Za-z_!@\#$%^&*-])
    )""",
    re.X,
)
_STANDIN = re.compile(
    r"(?i)(?:^|[^a-z])(?:your|my)[-_ ]?(?:own[-_ ]?)?(?:api|secret|access|auth|token|password|passwd|pass|key|clie"
    r"nt|app|bot|github|openai|anthropic|user|super|actual|real|strong|secure|new|db|database|aws|private|personal"
    r"|org|account|project|service)"
    r"|(?:^|[-_ <])(?:example|placeholder|dummy|fake|insert|replace|redacted|changeme|change[-_ ]me|put[-_ ]your|t"
    r"odo|fixme|sample)(?:$|[^a-z])"
    r"|(?-i:EXAMPLE)|x{5,}|\*{3,}|\.{3}|\u2026|_here\b|here>$|^<[^<>]*>$|^\[[^\[\]]*\]$|^\{(?![0-9A-Za-z+/]{24,}={0,2}\}$)[^{}]*\}$|^(?P<rep>.)(?P=rep){3,}$|^(?:x+[-_]?)+$|example\.(?:com|org|net)|\[REDACTED|REMOVED|\bMASKED\b"
)
_SAME = re.compile(r"^(.)\1*$")
_CALL = re.compile(r"^[!&*]?(?:new[ ])?[A-Za-z_$][\w$]*(?:(?:\.|->|::|\?\.)[\w$]+)*(?:<[\w, ]*>)?[(\[]")
_DOTTED = re.compile(r"^[!&*]?[A-Za-z_$][\w$]*(?:(?:\.|->|::|\?\.)[A-Za-z_$][\w$]*)+[;,)\]}]*$")
_NAME = re.compile(r"^[A-Za-z_$][A-Za-z_$0-9]*$")
_CONSTANT = re.compile(r"^[A-Z][A-Z0-9]*(?:[_-][A-Z0-9]+)+$")
_VERSION = re.compile(
    r"^(?:[~^><=v!]{0,3}\d{1,6}(?:\.[0-9x*]{1,8}){1,4}(?:[-+][0-9A-Za-z.+_-]{1,60})?|[~^><=]{1,2}\s?\d[\w.*-]{0,40}|\d{1,3})$"
)
_PATHLIKE = re.compile(r"^(?:\.{0,2}/|~/|[A-Za-z]:\\|\\\\|[\w.-]+/)(?:[\w.@%+~:{}$-]+[/\\])*[\w.@%+~:{}$-]*$")
_URL = re.compile(r"^[a-z][a-z0-9+.-]{1,20}://")
_ADDRESS = re.compile(r"^0x[0-9a-fA-F]{40}$")
_NUMBER = re.compile(r"^[+-]?\d{1,3}(?:[,._' ]\d{3})*(?:[.,]\d{1,6})?[kKmMGT%]?$")
_DATE = re.compile(r"^\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d.*)?$")
_UUID = re.compile(r"^[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}$")
_HEX = re.compile(r"^[0-9a-fA-F]+$")
_PROSE = re.compile(
    r"(?i)\b(?:the|your|you|is|are|be|must|should|can|cannot|can't|not|no|for|to|of|in|with|from|enter|invalid|req"
    r"uired|please|at least|"
    r"password|passphrase|token|secret|key|login|user|username|and|or|a|an|this|that|was|has|will|if|when|wrong|incorrect|forgot|reset|change|new|old|"
    r"confirm|show|hide|create|set|get|use|using|need|missing|expired|failed|error|"
    r"passwort|kennwort|mot de passe|contrase\?a|senha|too|short|long)\b"
)
_PUNCTUATED_CODE = re.compile(r"\.\*|\.\+|\\[wdsS]|[(){}\[\]<>]|=>|->|::|&&|\|\||==(?=[^=])|\+=|;$")


def is_standin(value: str) -> bool:
    """Whether a value is plainly a placeholder, a reference to where the secret is kept, or a word of the language."""
    lowered = value.lower()
    if lowered.strip("\"'`<>()[]{} ") in _WORDS or _SAME.match(value):
        return True
    return _REFERENCE.match(value) is not None or _STANDIN.search(value) is not None


_COMMON = (
    "a:bcdfgiklmnprstuvwxy b:acdeijlorsuy c:acehiklmorstuy d:abcdefgilmnoprstuvy e:abcdefghilmnopqrstuvwxyz "
    "f:aefilorstu g:aeghilmnorsu h:aeimorstu "
    "i:abcdefglmnoprstvxz j:aeos k:aeils l:acdefilopstuy m:abdeilmopstu n:abcdefgiklmnoprstuv "
    "o:abcdfgiklmnoprstuvw p:acdehiloprstuy q:u "
    "r:abcdefgiklmnoprstuvy s:acdefghiklmnoprstuy t:acdefghilmnoprstuwy u:abcdefgilmnprst v:aeiop w:aehinors "
    "x:ceipt y:ceilmnpst z:ei"
)
_PAIRS = frozenset(group[0] + second for group in _COMMON.split() for second in group[2:])
"""Letter pairs that make up 97 % of the pairs in words and identifiers, counted over the Python standard library."""


JUDGED_CHARS = 128
"""How much of a value the order of its letters is judged by."""


def is_gibberish(value: str) -> bool:
    """Whether letters follow each other as they do not in words: 30 % or more uncommon pairs, out of at least five.

    Measured on 10,555 words of ten letters or more: 0.6 % taken for gibberish; on random letters of length 16, 8
    % missed.
    """
    seen = odd = 0
    if len(value) > JUDGED_CHARS:
        value = value[:JUDGED_CHARS]
    for a, b in itertools.pairwise(value):
        if a.isalpha() and b.isalpha() and not (a.islower() and b.isupper()):
            seen += 1
            odd += (a + b).lower() not in _PAIRS
    return seen >= 5 and odd * 10 >= seen * 3


def _turns(value: str) -> int:
    """How often lower case, upper case and digits take turns. Identifiers turn about twice a word, random text
    every other place."""
    if len(value) > JUDGED_CHARS:
        value = value[:JUDGED_CHARS]
    classes = [1 if c.islower() else 2 if c.isupper() else 3 if c.isdigit() else 0 for c in value]
    return sum(1 for a, b in itertools.pairwise(classes) if a != b and a and b)


def looks_random(value: str) -> bool:
    """Whether a run without spaces is machine-made: hexadecimal, letters and digits interleaved, or letters no
    word has."""
    size = len(value)
    if size < 8:
        return False
    if size > 512:
        value = value[:512]
    letters = sum(c.isalpha() for c in value)
    digits = digits_in(value)
    if letters == 0:
        return digits >= 15 and entropy(value) > 2.0
    if digits and size >= 16 and _HEX.match(value):
        return entropy(value) > 2.5
    if digits == 0:
        return size >= 12 and is_gibberish(value) and entropy(value) > 2.8
    switches = sum(1 for a, b in itertools.pairwise(value) if a.isdigit() != b.isdigit())
    if is_gibberish(value):
        return entropy(value) >= 2.6
    if size >= 10 and _turns(value) * 20 >= min(size, JUDGED_CHARS) * 9:
        return entropy(value) >= 2.7
    return entropy(value) >= 2.7 and (
        switches >= 4 or (switches >= 3 and size >= 10) or (switches >= 2 and size >= 20 and not is_wordy(value))
    )


def is_wordy(value: str) -> bool:
    """Letters in lower- or CamelCase words joined by `-`, `_`, `.`, `/`, `:` or spaces: a name, not a secret."""
    return all(
        part.isalpha()
        or (part.isdigit() and len(part) <= 4)
        or not part
        or re.fullmatch(r"[A-Za-z]+\d{1,3}|\d{1,3}[A-Za-z]{1,3}|v\d+", part) is not None
        for part in re.split(r"[-_./: @,+]", value)
    )


def is_secret(value: str, kind: str, shape: str, *, upper: bool = False, named_secret: bool = False) -> bool:
    """Whether `value` beside a name of this `kind`, written in this `shape`, is to be hidden.

    `upper`: the name is written in capitals, as environment variables are. `named_secret`: the name says
    "secret". Values over 16,384 code points are judged by
    their first 16,384.
    """
    if len(value) > 16384:
        value = value[:16384]
    return _judged(value, kind, shape, upper, named_secret) and not is_published(value) and not is_counted(value)


def _judged(value: str, kind: str, shape: str, upper: bool, named_secret: bool) -> bool:
    size = len(value)
    if size < 4 or is_standin(value) or _VERSION.match(value) or _ADDRESS.match(value) or _DATE.match(value):
        return False
    if _NUMBER.match(value):
        return False
    if _URL.match(value) and "@" not in value:
        return False
    if kind == WEAK:
        return (
            size >= 12
            and " " not in value
            and not _UUID.match(value)
            and not _HEX.match(value)
            and not _PUNCTUATED_CODE.search(value)
            and not is_wordy(value)
            and looks_random(value)
            and not _is_path(value)
            and not _CALL.match(value)
            and not _DOTTED.match(value)
        )
    if shape == QUOTED:
        return _quoted(value, kind, named_secret=named_secret)
    if named_secret and _is_phrase(value) and shape in (ENV, LINE):
        return True
    return _bare(value, kind, shape, upper=upper)


def _is_path(value: str) -> bool:
    if not _PATHLIKE.match(value):
        return False
    segments = [s for s in re.split(r"[/\\]", value) if s]
    if len(segments) == 1 and not value.startswith(("/", "./", "../", "~/")):
        return False
    return (
        all(is_wordy(s) or (len(s) <= 12 and not is_gibberish(s)) for s in segments)
        or re.search(r"[A-Za-z]\.[a-z]{1,5}[0-9]?$", segments[-1]) is not None
    )


_PHRASE_NOT = wordset(
    "secret token key tls cert name app config my prod dev test staging api auth service db database user "
    "password admin default k8s aws gcp azure github"
)


def _is_phrase(value: str) -> bool:
    """Four or more plain words joined by dashes, none of them telling what the thing is for: a generated passphrase."""
    parts = value.lower().split("-")
    return len(parts) >= 4 and all(part.isalpha() and part not in _PHRASE_NOT for part in parts)


def _quoted(value: str, kind: str, *, named_secret: bool = False) -> bool:
    if " " in value.strip():
        if kind != PASSWORD:
            return False
        return (
            not _PROSE.search(value)
            # "Mot de passe" is a label, "correct horse battery" and four words of any kind are a passphrase.
            and not (value[0].isupper() and value.replace(" ", "").isalpha() and value.count(" ") < 3)
            and not _PUNCTUATED_CODE.search(value)
            and len(value) <= 128
            and value[:1] not in ":,;=+|&("
        )
    if _is_path(value):
        return False
    if kind == PASSWORD:
        if _CONSTANT.match(value) and not digits_in(value):
            return False
        return not _CALL.match(value) and not (value.isdigit() and len(value) < 4) and value[0] not in ":,;=)]}"
    if _CALL.match(value) or (_CONSTANT.match(value) and is_wordy(value)):
        return False
    if value.isdigit():
        return len(value) >= 15
    if _UUID.match(value):
        return True
    if kind == TOKEN and named_secret and _is_phrase(value):
        return True
    if not digits_in(value):
        if is_wordy(value):
            return (value.isalnum() and looks_random(value)) or (kind == HEADER and size_ok(value))
        return len(value) >= 12 and entropy(value) >= 3.0 and not re.search(r"[(){}\[\]<>:]|/$", value)
    if is_wordy(value) and not looks_random(value):
        return False
    return len(value) >= 8 and entropy(value) >= 2.3


def size_ok(value: str) -> bool:
    """Whether a header credential without digits is long and varied enough to be one."""
    return len(value) >= 20 and entropy(value) >= 3.4


def _bare(value: str, kind: str, shape: str, *, upper: bool) -> bool:
    if _is_path(value) or _CALL.match(value):
        return False
    digits = digits_in(value)
    if (
        _DOTTED.match(value)
        and (shape == BARE or shape != ENV or not upper)
        and (shape == BARE or not looks_random(value.replace(".", "")))
    ):
        return False
    if shape == ENV and (upper or kind == PASSWORD):
        if _CONSTANT.match(value) and digits == 0:
            return False
        if kind == PASSWORD:
            if not upper and _NAME.match(value) and digits == 0:
                # `connect(user=user, password=password)`: in a program the bare word is a name.
                return False
            return not (digits == len(value) and len(value) < 4)
        if digits == len(value):
            return len(value) >= 12
        return len(value) >= 8 and not (is_wordy(value) and not looks_random(value))
    if _PUNCTUATED_CODE.search(value) and not (kind == PASSWORD and shape == LINE and digits):
        return False
    if digits == len(value):
        return len(value) >= 15 or (kind == PASSWORD and shape == LINE and len(value) >= 6)
    if kind == PASSWORD:
        if _CONSTANT.match(value) and digits == 0:
            return False
        special = sum(not c.isalnum() and c not in "._-" for c in value)
        if shape == LINE:
            return len(value) >= 5 and (
                digits > 0
                or special > 0
                or (
                    len(value) >= 10
                    and (is_gibberish(value) or _turns(value) * 20 >= min(len(value), JUDGED_CHARS) * 9)
                )
                or (value.islower() and len(value) >= 6 and value.isalpha())
                or value.count("-") >= 2
            )
        return len(value) >= 6 and (
            (digits > 0 and (special > 0 or looks_random(value) or not _NAME.match(value)))
            or (special > 0 and len(value) >= 8)
            or (digits >= 3 and len(value) >= 8)
            or (len(value) >= 12 and is_gibberish(value))
            or (value.count("-") >= 3 and is_wordy(value))
        )
    if _UUID.match(value):
        return True
    if shape == ENV and digits >= 2 and len(value) >= 10 and any(c in "!@#$%^&*~" for c in value):
        return True
    if len(value) < 8 or (is_wordy(value) and not (value.isalnum() and looks_random(value))):
        return False
    return looks_random(value)


__all__ = [
    "BARE",
    "ENV",
    "HEADER",
    "LINE",
    "PASSWORD",
    "QUOTED",
    "TOKEN",
    "WEAK",
    "is_secret",
    "is_standin",
    "is_wordy",
    "looks_random",
]
