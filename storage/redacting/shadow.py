"""An ASCII view of a text with exactly its length, so that every offset found in the view is an offset in the text.

Why a view: rules written for plain ASCII also have to see through terminal colours (`\\x1b[33mghp_…`: the `m` is a word
character), through JSON escapes (`\\nTOKEN=…`: so is the `n`) and through text that is not ASCII at all.
"""

from __future__ import annotations

import re

_ANSI = re.compile(
    rb"(?:\x1b|\\u001[bB]|\\x1[bB]|\\033|\\e)(?:\[[0-?]{0,32}[ -/]{0,4}[@-~]|\][^\x07\x1b]{0,256}(?:\x07|\x1b\\))"
)
_ANSI_REST = re.compile(rb"\[[0-9]{1,3}(?:;[0-9]{1,3}){0,4}m")
_UNICODE_ESCAPE = re.compile(rb"\\u00([2-7][0-9a-fA-F])")
_SIGNS = {
    **dict.fromkeys("“”„‟«»＂″", '"'),
    **dict.fromkeys("‘’‚‛＇´", "'"),
    **dict.fromkeys("：﹕∶→⇒➜", ":"),
    **dict.fromkeys("＝", "="),
    **dict.fromkeys("，、", ","),
    **dict.fromkeys("；", ";"),
    **dict.fromkeys("│┃｜║¦", "|"),
    **dict.fromkeys("\u00a0\u1680\u2028\u2029\u202f\u205f\u3000\u200b\u200c\u200d\u2060\ufeff", " "),
    **dict.fromkeys(map(chr, range(0x2000, 0x200B)), " "),
}
_SIGN = re.compile("[" + "".join(_SIGNS) + "]")
_ODD_SIGNS = frozenset(_SIGNS)
_FEW_SIGNS = 4
"""Different signs that are replaced one after the other; more are replaced in one walk."""
_FOREIGN = (
    *("пароль", "Пароль", "ПАРОЛЬ", "пароля", "密码", "密碼", "口令", "密钥", "パスワード", "비밀번호", "contraseña"),
    *("Contraseña", "κωδικός", "סיסמה", "كلمة المرور", "şifre", "Şifre", "hasło", "Hasło"),
)
"""What people call a password elsewhere. The view says `pw` in its place, padded to the same length."""
_FOREIGN_CHARS = tuple((word, frozenset(char for char in word if not char.isascii())) for word in _FOREIGN)
"""Each with the characters without which it cannot be there."""
_ASCII = bytes(range(128))
_MARKS_TRIED = 16
"""Places that are looked at one by one before the rest is searched as a whole."""
_WHITE = ((b"n", b"\\n", b" \n"), (b"r", b"\\r", b" \r"), (b"t", b"\\t", b" \t"))
"""White space written as an escape: its letter, itself, and what the view shows."""


def _blank(match: re.Match[bytes]) -> bytes:
    return b" " * (match.end() - match.start())


def _unescape(match: re.Match[bytes]) -> bytes:
    # Backslashes, not spaces, pad the character: inside a value a space would end the value early.
    return b"\\\\\\\\\\" + bytes([int(match[1], 16)])


def _sign(match: re.Match[str]) -> str:
    return _SIGNS[match[0]]


def _plain(text: str) -> str:
    """Signs and words outside ASCII that mean something, as ASCII.

    A text holds few different characters outside ASCII. Which ones is known after two passes in C over its UTF-8;
    asking for each sign and word by itself took four times as long (measured on this project's pages).
    """
    odd = frozenset(text.encode("utf-8", "surrogatepass").translate(None, _ASCII).decode("utf-8", "surrogatepass"))
    for word, chars in _FOREIGN_CHARS:
        if chars <= odd and word in text:
            text = text.replace(word, " " * (len(word) - 2) + "pw")
    signs = odd & _ODD_SIGNS
    if len(signs) > _FEW_SIGNS:
        return _SIGN.sub(_sign, text)
    for sign in signs:
        text = text.replace(sign, _SIGNS[sign])
    return text


def _holds(view: bytes, mark: bytes) -> bool:
    """Whether `mark` is in the view. One byte is found ten times as fast as several, and its first is rare in most
    texts."""
    first = mark[:1]
    at = view.find(first)
    for _ in range(_MARKS_TRIED):
        if at < 0 or view.startswith(mark, at):
            return at >= 0
        at = view.find(first, at + 1)
    return view.find(mark, at) >= 0


def _is_coloured(view: bytes, behind: set[bytes]) -> bool:
    """Whether there may be a terminal sequence. `behind` is what stands behind the backslashes."""
    return b"\x1b" in view or (
        (b"u" in behind and b"\\u001" in view)
        or (b"x" in behind and b"\\x1" in view)
        or (b"0" in behind and b"\\033" in view)
        or (b"e" in behind and b"\\e[" in view)
    )


def shadow(text: str) -> bytes:
    """ASCII bytes, one per code point of `text`.

    Typographic quotes, full-width signs and blanks of every width become their ASCII kin, a word for password in other
    scripts becomes `pw`; other code points outside ASCII (lone surrogates too) become `?`. Terminal sequences become
    blanks, `\\n` `\\r` `\\t` written as escapes become real white space after a blank, and `\\u003d` becomes padding
    and `=`. Never raises. Cost is linear; ASCII texts without a backslash or ESC pay for the encoding only.
    """
    view = (text if text.isascii() else _plain(text)).encode("ascii", "replace")
    # Most texts have one kind of escape or two, and each search takes as long as collecting them.
    behind = {part[:1] for part in view.split(b"\\")} if b"\\" in view else set()
    if _is_coloured(view, behind):
        view = _ANSI.sub(_blank, view)
    if _holds(view, b"[0m"):
        # A log viewer that strips the escape character leaves the rest of the sequence behind.
        view = _ANSI_REST.sub(_blank, view)
    if b"/" in behind:
        # `https:\/\/` is how PHP and others write it in JSON.
        view = view.replace(b":\\/\\/", b"\\\\://")
    if behind:
        # What a `\u00…` becomes may stand behind a backslash, too.
        unescaped = b"u" in behind and b"\\u00" in view
        if unescaped:
            view = _UNICODE_ESCAPE.sub(_unescape, view)
        for letter, escape, white in _WHITE:
            if unescaped or letter in behind:
                view = view.replace(escape, white)
    if _holds(view, b"%3"):
        view = view.replace(b"%3D", b"%%=").replace(b"%3d", b"%%=")
    return view
