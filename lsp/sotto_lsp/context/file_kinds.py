"""find_content_reason: stub until the rules are there."""

from sotto_lsp.documents.snapshot import DocumentSnapshot


def find_content_reason(snapshot: DocumentSnapshot) -> str | None:
    """None."""
    del snapshot
    return None
