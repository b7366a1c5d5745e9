"""Letters that a scene declares: composed from what a step says, written as DOCX and PDF."""

from bihuan.faces.letters.compose import Letter, available, compose

__all__ = ["FORMATS", "Letter", "available", "compose", "write"]

FORMATS = {
    "pdf": "application/pdf",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
}


def write(letter: Letter, kind: str) -> bytes:
    """The letter in one of ``FORMATS``."""
    # Heavy, and a web process that is never asked for a letter does without them.
    if kind == "pdf":
        from bihuan.faces.letters.pdf import as_pdf  # noqa: PLC0415

        return as_pdf(letter)
    from bihuan.faces.letters.word import as_docx  # noqa: PLC0415

    return as_docx(letter)
