"""An editor that takes code actions: it applies the server's edits to its own text, as real ones do."""

from e2e.conftest import Editor
from e2e.raw_client import EVERYTHING

CAPABILITIES = {
    "workspace": {"applyEdit": True, "workspaceEdit": {"documentChanges": True}},
    "window": {"workDoneProgress": True},
    "textDocument": {"codeAction": {"codeActionLiteralSupport": {"codeActionKind": {"valueSet": []}}}},
}


class ActionEditor(Editor):
    """`edits` holds what the server asked to apply; `refuse` makes the editor say no.

    `files`: texts on the disk by their URIs, as this editor sees them.
    """

    refuse = False

    def begin(self, settings=None, capabilities=CAPABILITIES, **more):
        """Initialize, and wait until the model is loaded."""
        self.edits, self.files = [], {}
        self.answers["workspace/applyEdit"] = self._apply
        options = EVERYTHING | (settings or {})
        self.initialize(initializationOptions=options, capabilities=capabilities, **more)
        self.open_text("x = ", "file:///other.py")
        self.inline()
        self.uri = "file:///project/app.py"
        return self

    def actions(self, place, *, diagnostics=(), only=None, **more):
        """The actions at the first occurrence of a text, or for a range; `more` of the request's context."""
        where = self.range_of(place) if isinstance(place, str) else place
        context = {"diagnostics": list(diagnostics), **({"only": only} if only else {}), **more}
        params = {"textDocument": {"uri": self.uri}, "range": where, "context": context}
        return self.result("textDocument/codeAction", params)

    def range_of(self, text):
        start = self.text.index(text)
        return {"start": self.position(start), "end": self.position(start + len(text))}

    def diagnostic(self, text, message):
        return {"range": self.range_of(text), "message": message, "severity": 1}

    def start_action(self, action, **params):
        command = action["command"]
        arguments = {"command": command["command"], "arguments": command["arguments"], **params}
        return self.send_request("workspace/executeCommand", arguments)

    def run(self, action, **params):
        return self.wait(self.start_action(action, **params), timeout=60)["result"]

    def messages(self):
        """The texts of the messages to the user."""
        return [each["params"]["message"] for each in self.notifications if each["method"] == "window/showMessage"]

    def progress(self, token):
        values = [each["params"] for each in self.notifications if each["method"] == "$/progress"]
        return [each["value"] for each in values if each["token"] == token]

    def _apply(self, params):
        self.edits.append(params["edit"])
        edit = params["edit"]
        if self.refuse:
            return {"applied": False, "failureReason": "read-only"}
        changes = edit.get("documentChanges") or [
            {"textDocument": {"uri": uri, "version": self.version}, "edits": edits}
            for uri, edits in edit["changes"].items()
        ]
        for change in changes:
            if change.get("kind") == "create":
                assert change["uri"] not in self.files, "it is not there yet"
                self.files[change["uri"]] = ""
            elif change["textDocument"]["uri"] != self.uri:
                self._edit_file(change)
            elif change["textDocument"]["version"] != self.version:
                return {"applied": False, "failureReason": "another version"}
            else:
                (one,) = change["edits"]
                self.text = self._edited(self.text, one)
                self.version += 1
                self.change(self.uri, self.version, {"range": one["range"], "text": one["newText"]})
        return {"applied": True}

    def _edit_file(self, change):
        """A file that is not open; its edits are of the text before all of them."""
        uri = change["textDocument"]["uri"]
        assert change["textDocument"].get("version") is None
        for one in sorted(change["edits"], key=lambda edit: -edit["range"]["start"]["line"]):
            self.files[uri] = self._edited(self.files[uri], one)

    def _edited(self, text, edit):
        start, end = (self._offset(text, edit["range"][which]) for which in ("start", "end"))
        return text[:start] + edit["newText"] + text[end:]

    def _offset(self, text, position):
        """ASCII texts only."""
        lines = text.split("\n")
        return sum(len(line) + 1 for line in lines[: position["line"]]) + position["character"]
