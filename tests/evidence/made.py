"""Files made by hand: whole ones, and what somebody would send who means harm."""

import io
import zipfile

from docx import Document
from pypdf import PdfWriter

# A document of one page, from the PDF reference, annex H: no library wrote it.
_PAGE = b"BT /F1 24 Tf 72 720 Td (%s) Tj ET"


def pdf(words: str) -> bytes:
    """One page that says these words."""
    content = _PAGE % words.encode("latin-1")
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents 4 0 R"
        b" /Resources << /Font << /F1 5 0 R >> >> >>",
        b"<< /Length %d >>\nstream\n%s\nendstream" % (len(content), content),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    ]
    return _numbered(objects)


def pdf_bomb() -> bytes:
    """One page whose content is a gigabyte, in a megabyte."""
    import zlib

    packer = zlib.compressobj(9)
    packed = b"".join(packer.compress(b" " * 10_000_000) for _ in range(100)) + packer.flush()
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents 4 0 R /Resources << >> >>",
        b"<< /Length %d /Filter /FlateDecode >>\nstream\n%s\nendstream" % (len(packed), packed),
    ]
    return _numbered(objects)


def pdf_in_a_circle() -> bytes:
    """A tree of pages that is its own child."""
    return _numbered(
        [
            b"<< /Type /Catalog /Pages 2 0 R >>",
            b"<< /Type /Pages /Kids [2 0 R 2 0 R] /Parent 2 0 R /Count 2 >>",
        ]
    )


def _numbered(objects: list[bytes]) -> bytes:
    written, places = b"%PDF-1.4\n", []
    for number, each in enumerate(objects, 1):
        places.append(len(written))
        written += b"%d 0 obj\n%s\nendobj\n" % (number, each)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    count = len(objects) + 1
    return (
        written
        + b"xref\n0 %d\n0000000000 65535 f \n" % count
        + table
        + b"trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (count, len(written))
    )


def blank_pdf(pages: int, password: str = "") -> bytes:
    writer, written = PdfWriter(), io.BytesIO()
    for _ in range(pages):
        writer.add_blank_page(100, 100)
    if password:
        writer.encrypt(password, algorithm="RC4-128")
    writer.write(written)
    return written.getvalue()


def docx(*paragraphs: str, rows: tuple[tuple[str, ...], ...] = ()) -> bytes:
    document, written = Document(), io.BytesIO()
    for paragraph in paragraphs:
        document.add_paragraph(paragraph)
    if rows:
        table = document.add_table(len(rows), len(rows[0]))
        for row, cells in zip(table.rows, rows, strict=True):
            for cell, text in zip(row.cells, cells, strict=True):
                cell.text = text
    document.save(written)
    return written.getvalue()


def docx_with(xml: bytes) -> bytes:
    """A document whose words are this XML."""
    written = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(docx("x"))) as whole,
        zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED) as packed,
    ):
        for name in whole.namelist():
            packed.writestr(name, xml if name == "word/document.xml" else whole.read(name))
    return written.getvalue()


def zip_bomb() -> bytes:
    """100 MB of nothing in 100 kB, called a document."""
    return docx_with(b"\0" * 100_000_000)


def lying_zip() -> bytes:
    """The same, which says that it has a thousand bytes."""
    packed, true_size = zip_bomb(), (100_000_000).to_bytes(4, "little")
    return packed.replace(true_size, (1_000).to_bytes(4, "little"))


def crowded_zip() -> bytes:
    """A document with so many parts that listing them is work."""
    written = io.BytesIO(docx("x"))
    with zipfile.ZipFile(written, "a") as packed:
        for n in range(5_000):
            packed.writestr(f"word/part{n}.xml", b"")
    return written.getvalue()


def zipped(data: bytes) -> bytes:
    """A file in an archive."""
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w") as packed:
        packed.writestr("inner.docx", data)
    return written.getvalue()


def repeated_entity() -> bytes:
    """Not one within another: a long one, again and again."""
    return (
        b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "'
        + b"ha" * 50_000
        + b'">]><w:document xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main">'
        b"<w:body><w:p><w:r><w:t>" + b"&a;" * 50_000 + b"</w:t></w:r></w:p></w:body></w:document>"
    )


DEEP = b"<a>" * 1_000_000
LAUGHTER = (
    b'<?xml version="1.0"?><!DOCTYPE lolz [<!ENTITY a "'
    + b"ha" * 500
    + b'">'
    + b"".join(b'<!ENTITY %c "%s">' % (98 + n, b"&%c;" % (97 + n) * 50) for n in range(8))
    + b']><w:document xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main">'
    b"<w:body><w:p><w:r><w:t>&i;</w:t></w:r></w:p></w:body></w:document>"
)
OUTSIDE = (
    b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY secret SYSTEM "file:///etc/hostname">]>'
    b'<w:document xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main">'
    b"<w:body><w:p><w:r><w:t>before &secret; behind</w:t></w:r></w:p></w:body></w:document>"
)
