"""Telling Codex and Claude Code where their telemetry goes, in their own configuration, and taking it back.

`change.py`: the order of it all. `codex_config.py`, `claude_settings.py`: what is to be changed, pure; `edits.py` and
`json_text.py`: how, and how it is undone. `tool_file.py`: reading and replacing somebody else's file. `journal.py`:
what `--undo` needs. `endpoint.py`: where the telemetry goes. `hook_script.py` is copied into the state folder.
"""
