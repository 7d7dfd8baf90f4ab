"""A server on this machine that speaks as much of the hub's protocol as fetching a model needs, and can misbehave."""

import contextlib
import hashlib
import json
import re
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

COMMIT = "c0ffee" + "0" * 34


class LocalHub:
    """repos: name -> folder. breaks_after: bytes of a weights file after which the connection is cut, once."""

    def __init__(self, repos, breaks_after=None, lies=False):
        self.repos, self.breaks_after, self.lies = repos, breaks_after, lies
        self.ranges, self.num_sent = [], 0
        hub = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_HEAD(self):
                self.answer(has_body=False)

            def do_GET(self):
                self.answer(has_body=True)

            def answer(self, *, has_body):
                path = self.path.split("?")[0]
                if match := re.fullmatch(r"/api/models/([^/]+/[^/]+)(?:/revision/[^/]+)?", path):
                    status, body = hub.describe(match[1])
                    code = {"X-Error-Code": "RepoNotFound"} if status == 404 else {}
                    self.say(status, body, {"Content-Type": "application/json", **code}, has_body)
                elif match := re.fullmatch(r"/([^/]+/[^/]+)/resolve/[^/]+/(.+)", path):
                    self.send_file(match[1], match[2], has_body)
                else:
                    self.say(404, b"{}", {"X-Error-Code": "EntryNotFound"}, has_body)

            def send_file(self, repo, name, has_body):
                file = hub.repos[repo] / name
                data = file.read_bytes()
                headers = {
                    "X-Repo-Commit": COMMIT,
                    "ETag": f'"{digest(data)}"',
                    "Accept-Ranges": "bytes",
                    "Content-Type": "application/octet-stream",
                }
                status, start = 200, 0
                if match := re.fullmatch(r"bytes=(\d+)-", self.headers.get("Range") or ""):
                    start = int(match[1])
                    hub.ranges.append((name, start))
                    status, headers["Content-Range"] = 206, f"bytes {start}-{len(data) - 1}/{len(data)}"
                self.say(status, data[start:], headers, has_body, name)

            def say(self, status, body, headers, has_body, name=""):
                self.send_response(status)
                for key, value in headers.items():
                    self.send_header(key, value)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                if not has_body:
                    return
                if name.endswith(".safetensors") and hub.breaks_after is not None:
                    body, hub.breaks_after = body[: hub.breaks_after], None
                    self.wfile.write(body)
                    self.wfile.flush()
                    self.close_connection = True
                    self.connection.close()
                    return
                hub.num_sent += len(body)
                self.wfile.write(body)

            def log_message(self, *arguments):
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def describe(self, repo):
        if repo not in self.repos:
            return 404, b'{"error": "Repository not found"}'
        siblings = []
        for path in sorted(self.repos[repo].iterdir()):
            data = path.read_bytes()
            entry = {"rfilename": path.name, "size": len(data), "blobId": digest(data)[:40]}
            if path.suffix == ".safetensors":
                sha256 = digest(b"other" if self.lies else data)
                entry["lfs"] = {"sha256": sha256, "size": len(data), "pointerSize": 130}
            siblings.append(entry)
        info = {"_id": "1", "id": repo, "modelId": repo, "sha": COMMIT, "private": False, "siblings": siblings}
        return 200, json.dumps(info).encode()

    @contextlib.contextmanager
    def running(self):
        thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        thread.start()
        try:
            yield self
        finally:
            self._server.shutdown()
            self._server.server_close()
            thread.join()


def digest(data):
    return hashlib.sha256(data).hexdigest()
