"""The way messages travel between the processes of one actor system: sealed, bounded, on this machine only.

Start with `system_base.py` (`start_system`) and `rejects.py` (`transport_rejects`, `on_reject`). The pure parts are
`seal.py`, `reassembly.py`, `allowlist.py`, `framing.py` and `outbox.py`; `loop.py` is what `datagram.py` (Linux) and
`tcp.py` (elsewhere) share. Nothing here knows what the messages mean.
"""
