"""What the lines of a transcript are, by the names that claude gives them (2.1.332). Names only; `transcript.py` reads
the lines. What is named nowhere here and has no handler there is counted `ignored_unknown`."""

from __future__ import annotations

CONTROL_LINES = frozenset(
    [
        "queue-operation",
        "last-prompt",
        "mode",
        "permission-mode",
        "file-history-snapshot",
        "file-history-delta",
        "summary",
        "tag",
        "relocated",
        "agent-name",
        "agent-color",
        "agent-setting",
        "pr-link",
        "frame-link",
        "bridge-session",
        "attribution-snapshot",
        "speculation-accept",
        "isolation-latch",
        "worktree-state",
        "content-replacement",
        "fork-context-ref",
        "progress",
        "tools-used",
        "cost-state",
        "atis-latch",
        "api-request",
        "api-request-blob",
        "api-request-shape",
        "ended-by-model",
        "task-summary",
        "marble-origami-commit",
        "marble-origami-snapshot",
        "marble-origami-reset",
    ]
)
"""Known, and nothing of a conversation. `api-request…` repeat what was sent to the model, up to 120 KB each."""

CONTROL_SYSTEM = frozenset(
    [
        "stop_hook_summary",
        "hook_started",
        "hook_progress",
        "hook_response",
        "status",
        "init",
        "session_state_changed",
        "bridge_status",
        "bridge_state",
        "thinking_tokens",
        "task_started",
        "task_progress",
        "task_updated",
        "task_notification",
        "task_summary",
        "turn_starting",
        "notification",
        "commands_changed",
        "file_snapshot",
        "memory_recall",
        "memory_saved",
        "plugin_install",
        "api_retry",
        "permission_retry",
        "post_turn_summary",
        "scheduled_task_fire",
        "worker_shutting_down",
        "mirror_error",
        "elicitation_complete",
    ]
)
"""System lines about claude's own machinery."""

NOTED_SYSTEM = frozenset(
    [
        "informational",
        "local_command",
        "away_summary",
        "model_fallback",
        "model_refusal_fallback",
        "model_refusal_no_fallback",
        "model_consent_fallback",
        "permission_denied",
        "agents_killed",
        "api_error",
    ]
)
"""System lines that a person saw: stored as what the tool itself said."""

NOTED_ATTACHMENTS = frozenset(
    [
        "file",
        "edited_text_file",
        "directory",
        "pdf_reference",
        "selected_lines_in_ide",
        "opened_file_in_ide",
        "queued_command",
        "hook_non_blocking_error",
        "hook_blocking_error",
        "hook_additional_context",
        "plan_mode_exit",
        "diagnostics",
    ]
)
"""Attachments with content of the session's own; all others tell the model about its surroundings."""

FINAL_STOPS = frozenset({"end_turn", "stop_sequence", "max_tokens", "refusal", "model_context_window_exceeded"})
"""Stop reasons after which the model says no more in this turn."""

INTERRUPTED = "[Request interrupted by user"
"""How the line begins that claude writes when a person stops a turn."""

COMMAND_OUTPUT = ("<local-command-stdout>", "<local-command-stderr>")
"""What a command of the tool's own (`/compact`) printed."""

OWN_WORDS = (*COMMAND_OUTPUT, "<local-command-caveat>", "<bash-stdout>", "<bash-stderr>", "<task-notification>",
             "<system-reminder>")  # fmt: skip
"""How texts of a user's line begin that no user typed."""
