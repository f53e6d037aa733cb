"""Which lines and events of a rollout say nothing that is not stored from another line (codex up to 0.169). Names only;
`rollout.py` reads the lines. What is named nowhere here and has no handler there is counted `ignored_unknown`."""

from __future__ import annotations

CONTROL_LINES = frozenset(
    ["world_state", "compacted", "session_state", "inter_agent_communication", "inter_agent_communication_metadata"]
)

CONTROL_EVENTS = frozenset(
    [
        "thread_settings_applied",
        "user_message",
        "agent_message",
        "agent_reasoning",
        "agent_reasoning_raw_content",
        "agent_reasoning_section_break",
        "context_compacted",
        "entered_review_mode",
        "exited_review_mode",
        "thread_rolled_back",
        "undo_started",
        "undo_completed",
        "warning",
        "error",
        "stream_error",
        "exec_command_begin",
        "exec_command_end",
        "patch_apply_begin",
        "patch_apply_end",
        "mcp_tool_call_begin",
        "mcp_tool_call_end",
        "web_search_begin",
        "web_search_end",
        "view_image_tool_call",
        "image_generation_end",
        "plan_update",
        "plan_delta",
        "turn_diff",
        "background_event",
        "dynamic_tool_call_request",
        "dynamic_tool_call_response",
        "collab_agent_spawn_end",
        "collab_agent_interaction_end",
        "collab_waiting_end",
        "collab_close_end",
        "collab_resume_end",
        "sub_agent_activity",
        "thread_goal_updated",
        "session_configured",
        "item_started",
        "guardian_assessment",
        "model_reroute",
        "shutdown_complete",
    ]
)
"""Of `event_msg`. Before there was `item_completed` some of these told items: `rollout_legacy.py` is asked first."""
