"""Zip archives as PyTorch writes and reads them: stored, each record's bytes beginning at a multiple of 64.

Such a file can be mapped into memory as it is. Names of records lack the archive's own name, `archive/data.pkl` being
`data.pkl`.

Source: https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT, and files of PyTorch 2.13, whose layout this is.
"""

from __future__ import annotations

import struct
from typing import Any, Final
from zipfile import BadZipFile, ZipFile
from zlib import crc32

ALIGNMENT: Final = 64
_LARGE: Final = 0xFFFFFFFF  # sizes from here on stand in fields of 64 bits
_UTF8, _SIZES_FOLLOW = 0x0800, 0x0008

_LOCAL: Final = struct.Struct("<4s5H3I2H")
_CENTRAL: Final = struct.Struct("<4s6H3I5H2I")
_END64: Final = struct.Struct("<4sQ2H2I4Q")
_LOCATE64: Final = struct.Struct("<4sIQI")
_END: Final = struct.Struct("<4s4H2IH")


class ArchiveWriter:
    """Writes records one after the other to a file, which need not be seekable."""

    def __init__(self, file: Any, name: str, alignment: int = ALIGNMENT, checksums: bool = True) -> None:
        self.file = file
        self.name = name
        self.alignment = alignment
        self.checksums = checksums
        self.position = 0
        self.entries: list[tuple[bytes, int, int, int]] = []  # name, checksum, size, where it begins

    def _write(self, data: Any) -> None:
        self.file.write(data)
        self.position += len(data)

    def record(self, name: str, data: bytes | bytearray | memoryview) -> None:
        """Write one record."""
        path = f"{self.name}/{name}".encode()
        size, start = len(data), self.position
        checksum = crc32(data) if self.checksums else 0
        large = size >= _LARGE or start >= _LARGE
        extra = struct.pack("<2H2Q", 1, 16, size, size) if large else b""
        begins = start + _LOCAL.size + len(path) + len(extra) + 4
        padding = -begins % self.alignment
        extra += struct.pack("<2sH", b"FB", padding) + b"Z" * padding
        field = _LARGE if large else 0
        flags = _UTF8 | (_SIZES_FOLLOW if size else 0)
        self._write(_LOCAL.pack(b"PK\3\4", 0, flags, 0, 0, 0, 0, field, field, len(path), len(extra)) + path + extra)
        if size:
            self._write(data)
            self._write(struct.pack("<4sI2Q" if large else "<4s3I", b"PK\7\b", checksum, size, size))
        self.entries.append((path, checksum, size, start))

    def close(self) -> None:
        """Write the version, a number that tells archives apart, and the table of records."""
        self.record("version", b"3\n")
        names = crc32(b"".join(path.partition(b"/")[2] for path, *_ in self.entries))
        sums = crc32(b"".join(struct.pack("<I", checksum) for _, checksum, *_ in self.entries))
        self.record(".data/serialization_id", b"%020d%020d" % (names, sums))
        start = self.position
        for path, checksum, size, begins in self.entries:
            large = size >= _LARGE or begins >= _LARGE
            extra = struct.pack("<2H3Q", 1, 24, size, size, begins) if large else b""
            flags = _UTF8 | (_SIZES_FOLLOW if size else 0)
            shown = (_LARGE, _LARGE) if large else (size, size)
            head = (b"PK\1\2", 0, 0, flags, 0, 0, 0, checksum, *shown, len(path), len(extra), 0, 0, 0, 0)
            self._write(_CENTRAL.pack(*head, _LARGE if large else begins) + path + extra)
        length, count, end = self.position - start, len(self.entries), self.position
        self._write(_END64.pack(b"PK\6\6", 44, 0x031E, 45, 0, 0, count, count, length, start))
        self._write(_LOCATE64.pack(b"PK\6\7", 0, end, 1))
        few = min(count, 0xFFFF)
        self._write(_END.pack(b"PK\5\6", 0, 0, few, few, min(length, _LARGE), min(start, _LARGE), 0))


class ArchiveReader:
    """The records of an archive in a seekable file.

    Raises:
        RuntimeError: it is not an archive, or not one of PyTorch's; in its words.
    """

    def __init__(self, file: Any) -> None:
        self.file = file
        try:
            self.zip = ZipFile(file)
        except (BadZipFile, struct.error, EOFError, OSError):
            raise RuntimeError(
                "PytorchStreamReader failed reading zip archive: failed finding central directory." + _CORRUPTED
            ) from None
        entries = self.zip.infolist()
        self.name = entries[0].filename.partition("/")[0] if entries else ""
        self.entries = {entry.filename.partition("/")[2]: entry for entry in entries}
        if "version" not in self and ".data/version" not in self:
            raise RuntimeError(
                'Expected hasRecord("version") to be true, but got false.  (Could this error message be improved?  '
                "If so, please report an enhancement request to PyTorch.)"
            )

    def __contains__(self, name: str) -> bool:
        return name in self.entries

    def _entry(self, name: str) -> Any:
        entry = self.entries.get(name)
        if entry is None:
            raise RuntimeError(f"PytorchStreamReader failed locating file {name}: file not found." + _CORRUPTED)
        return entry

    def offset(self, name: str) -> int:
        """Where in the file a record's bytes begin."""
        entry = self._entry(name)
        self.file.seek(entry.header_offset)
        head = self.file.read(_LOCAL.size)
        if len(head) < _LOCAL.size or not head.startswith(b"PK\3\4"):
            raise RuntimeError(f"PytorchStreamReader failed reading file {name}: file read failed." + _CORRUPTED)
        *_, name_length, extra_length = _LOCAL.unpack(head)
        return int(entry.header_offset + _LOCAL.size + name_length + extra_length)

    def record(self, name: str) -> bytearray:
        """A record's bytes. As PyTorch, without a look at its checksum."""
        entry = self._entry(name)
        if entry.compress_type:
            return bytearray(self.zip.read(entry))
        self.file.seek(self.offset(name))
        data = bytearray(entry.file_size)
        into = getattr(self.file, "readinto", None)
        count = into(data) if into is not None else 0
        while count < len(data):  # files may give less than they are asked for
            more = self.file.read(len(data) - count)
            if not more:
                raise RuntimeError(f"PytorchStreamReader failed reading file {name}: file read failed." + _CORRUPTED)
            data[count : count + len(more)] = more
            count += len(more)
        return data


_CORRUPTED: Final = (
    " This is an internal miniz error. If you are seeing this error, there is a high likelihood that your checkpoint file "
    "is corrupted. This can happen if the checkpoint was not saved properly, was transferred incorrectly, or the file was "
    "modified after saving."
)
