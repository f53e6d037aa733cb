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
_FOREIGN = (
    *("пароль", "Пароль", "ПАРОЛЬ", "пароля", "密码", "密碼", "口令", "密钥", "パスワード", "비밀번호", "contraseña"),
    *("Contraseña", "κωδικός", "סיסמה", "كلمة المرور", "şifre", "Şifre", "hasło", "Hasło"),
)
"""What people call a password elsewhere. The view says `pw` in its place, padded to the same length."""


def _blank(match: re.Match[bytes]) -> bytes:
    return b" " * (match.end() - match.start())


def _unescape(match: re.Match[bytes]) -> bytes:
    # Backslashes, not spaces, pad the character: inside a value a space would end the value early.
    return b"\\\\\\\\\\" + bytes([int(match[1], 16)])


def _sign(match: re.Match[str]) -> str:
    return _SIGNS[match[0]]


def shadow(text: str) -> bytes:
    """ASCII bytes, one per code point of `text`.

    Typographic quotes, full-width signs and blanks of every width become their ASCII kin, a word for password in other
    scripts becomes `pw`; other code points outside ASCII (lone surrogates too) become `?`. Terminal sequences become
    blanks, `\\n` `\\r` `\\t` written as escapes become real white space after a blank, and `\\u003d` becomes padding
    and `=`. Never raises. Cost is linear; ASCII texts without a backslash or ESC pay for the encoding only.
    """
    if not text.isascii():
        for word in _FOREIGN:
            if word in text:
                text = text.replace(word, " " * (len(word) - 2) + "pw")
        text = _SIGN.sub(_sign, text)
    view = text.encode("ascii", "replace")
    if b"\x1b" in view or (
        b"\\" in view and (b"\\u001" in view or b"\\x1" in view or b"\\033" in view or b"\\e[" in view)
    ):
        view = _ANSI.sub(_blank, view)
    if b"[0m" in view:
        # A log viewer that strips the escape character leaves the rest of the sequence behind.
        view = _ANSI_REST.sub(_blank, view)
    if b"\\" in view:
        if b"\\u00" in view:
            view = _UNICODE_ESCAPE.sub(_unescape, view)
        view = view.replace(b"\\n", b" \n").replace(b"\\r", b" \r").replace(b"\\t", b" \t")
    if b"%3" in view:
        view = view.replace(b"%3D", b"%%=").replace(b"%3d", b"%%=")
    return view
