"""A hub that takes connections and never answers: what asks it is in the middle of its work until it is ended."""

import socket
import threading
from contextlib import contextmanager


@contextmanager
def silent_hub():
    """Its address, and an event: somebody has connected."""
    connected, held = threading.Event(), []
    with socket.create_server(("127.0.0.1", 0)) as server:

        def accept():
            try:
                while True:
                    held.append(server.accept()[0])
                    connected.set()
            except OSError:
                return  # it is closed: the test is over

        thread = threading.Thread(target=accept, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.getsockname()[1]}", connected
        server.shutdown(socket.SHUT_RDWR)
    for each in held:
        each.close()
