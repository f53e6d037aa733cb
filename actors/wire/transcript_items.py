"""Content blocks of Claude Code's messages as items, in the words that the store's other items use."""

from __future__ import annotations

from typing import Any

from actors.wire.gathered import FileText, Json, objects_of, text_of

_UNSTORED = frozenset({"originalFile", "originalFileContents"})
"""Whole files as they were before an edit: the edit itself (`structuredPatch`) says what changed."""


def prompt_body(uuid: str, content: Any) -> Json:
    """What a person typed."""
    return {"type": "userMessage", "id": uuid, "content": parts_of(content)}


def note_body(uuid: str, content: Any, about: str) -> Json:
    """What the tool itself put into the conversation: caveats, summaries, output of its own commands."""
    return {"type": "systemMessage", "id": uuid, "about": about, "content": parts_of(content)}


def parts_of(content: Any) -> list[Json]:
    """A message's content as a list of parts; a plain text is one."""
    if isinstance(content, str):
        return [{"type": "text", "text": content}]
    return objects_of(content)


def block_body(block: Json, item_id: str) -> Json:
    """A block of an assistant's message that is no call."""
    kind = block.get("type")
    if kind == "text":
        return {"type": "agentMessage", "id": item_id, "text": text_of(block.get("text")) or ""}
    if kind == "thinking":
        # The signature proves the thought to the API and says nothing to a reader.
        return {"type": "reasoning", "id": item_id, "summary": [], "content": [text_of(block.get("thinking")) or ""]}
    if kind == "redacted_thinking":
        return {"type": "reasoning", "id": item_id, "summary": [], "content": [], "encrypted": True}
    return {"type": str(kind or "unknown"), "id": item_id, "content": block}


def call_body(block: Json, cwd: str | None) -> Json:
    """A tool call before its result."""
    body = {"type": "toolCall", "id": block["id"], "tool": text_of(block.get("name")), "arguments": block.get("input")}
    return body | {"cwd": cwd, "status": "inProgress"}


def result_of(block: Json, told: Any, file: FileText) -> Json:
    """What a result adds to its call. `told` is the line's `toolUseResult`, the tool's own account of it.

    An output too large for the conversation stands in a file of its own that leaves with the transcript: its text is
    taken over, or `outputMissing` says where it was.
    """
    failed = block.get("is_error") is True
    added: Json = {"status": "failed" if failed else "completed", "result": result_text(block.get("content"))}
    if isinstance(told, dict):
        kept = {name: value for name, value in told.items() if name not in _UNSTORED}
        if kept.get("stdout") == added["result"]:
            del kept["stdout"]
        path = text_of(kept.get("persistedOutputPath"))
        if path is not None:
            text = file.beside(path)
            kept |= {"outputMissing": path} if text is None else {"stdout": text}
        added["toolUseResult"] = kept
    return added


def result_text(content: Any) -> Any:
    """The model's view of a result: its text, or its parts where there is more than text."""
    parts = objects_of(content)
    if parts and all(part.get("type") == "text" for part in parts):
        return "".join(text for part in parts if (text := text_of(part.get("text"))))
    return content
