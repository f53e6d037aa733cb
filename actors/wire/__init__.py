"""How the app-server's bytes become typed values, and back. Bytes in, values out.

Never in here: processes, clocks, randomness, actors, the store, logs. Nothing raises because of what a peer sent: a
peer's mistake is a value. camelCase ends at this border. Read `lines.py` for the cutting, `frames.py` for the values,
`methods.py` for the decoding, `requests.py` for what we say.
"""
