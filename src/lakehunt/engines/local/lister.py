"""Tells whose log each file of a lake is, by its path, its name or its first record.

Knows paths and archives, not where a lake lies. `folder` and `s3_lake` call it. An archive's
members are files of the lake.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace

from lakehunt.engines.local.archives import Archives, Packed, is_archive
from lakehunt.engines.local.documents import UNREADABLE, why_unreadable
from lakehunt.engines.local.lake import Listing, LogFile
from lakehunt.engines.local.probing import Probe
from lakehunt.engines.local.recognise import Recognised, Recogniser
from lakehunt.errors import LakeError
from lakehunt.layouts import is_named, locate, skip_by_path
from lakehunt.model import FileNote, Source

# Names that are looked into even where a layout would take them for a log.
_ARCHIVE_ENDS = (".zip", ".tar", ".tgz", ".tar.gz")
_DEEPEST_ARCHIVE = 1


class Lister:
    """Puts each file of a lake where it belongs; an archive is the files in it."""

    def __init__(self, sources: Mapping[str, Source]) -> None:
        self.listings = {name: Listing(source) for name, source in sources.items()}
        self.unknown: list[FileNote] = []
        self.archives = Archives()
        self.recogniser = Recogniser(sources.values())
        self.probe = Probe(sources.values())
        self.count = 0

    def close(self) -> None:
        """Close the archives that were opened."""
        self.archives.close()
        self.probe.close()

    def add(self, file: LogFile, path: str) -> None:
        """Classify a file by its path in the lake, then by its first bytes."""
        if self.is_placed(file, path):
            return
        try:
            head = file.head()
        except UNREADABLE as error:
            self.refuse(file.name, why_unreadable(error))
            return
        if is_archive(head):
            self._open(file, path)
            return
        self.count += 1
        found = self._recognised(file, head)
        if found.source is None:
            self.unknown.append(FileNote(file.name, found.reason))
            return
        listing = self.listings[found.source.name]
        if found.skipped:
            listing.skipped.append(FileNote(file.name, found.skipped))
        else:
            values = self._told(listing, path)
            listing.files.append(replace(file, values=values, is_wrapped=found.is_wrapped))

    @staticmethod
    def _told(listing: Listing, path: str) -> Mapping[str, str]:
        place = locate(listing.source.partitions, path)
        return place.values if place else {}

    def _recognised(self, file: LogFile, head: bytes) -> Recognised:
        found = self.recogniser.recognise(head)
        if found.source:
            return found
        try:
            return self.probe.recognise(file, head) or found
        except UNREADABLE as error:
            return Recognised(reason=why_unreadable(error))

    def is_placed(self, file: LogFile, path: str) -> bool:
        """Classify a file by its path alone and tell whether that was possible.

        A name says whose log it is, a folder does not: several sources may share it.
        """
        is_archived = path.lower().endswith(_ARCHIVE_ENDS)
        for listing in self.listings.values() if not is_archived else ():
            if not is_named(listing.source.partitions, path):
                continue
            if not self._skips(listing, file, path):
                listing.files.append(replace(file, values=self._told(listing, path)))
                self.count += 1
            return True
        # only now: what one source leaves out may be another's log
        return any(self._skips(listing, file, path) for listing in self.listings.values())

    def _skips(self, listing: Listing, file: LogFile, path: str) -> bool:
        rule = skip_by_path(listing.source.partitions, path)
        if rule is None:
            return False
        listing.skipped.append(FileNote(file.name, rule.reason))
        self.count += 1
        return True

    def _open(self, file: LogFile, path: str) -> None:
        if isinstance(file.content, Packed):
            own = file.content
            inside, archive, version = own.inside, own.archive, own.archive_version
        else:
            inside, archive = (), file.content.on_disk()
            version = file.content.version()
        if len(inside) > _DEEPEST_ARCHIVE:
            self.refuse(file.name, "an archive in an archive in an archive is not opened")
            return
        try:
            members, broken = self.archives.members(archive, inside)
        except UNREADABLE as error:
            self.refuse(file.name, why_unreadable(error))
            return
        for member in members:
            name = f"{file.name}/{member.name}"
            packed = Packed(self.archives, archive, (*inside, member.name), version)
            if member.refused:
                self.refuse(name, member.refused)
            else:
                self.add(LogFile(name, member.size_bytes, packed), f"{path}/{member.name}")
        if broken or not members:
            self.refuse(file.name, broken or "an archive without files")

    def refuse(self, name: str, reason: str) -> None:
        """Name a file that cannot be read."""
        self.count += 1
        self.unknown.append(FileNote(name, reason))

    def check_known(self, lake: str, sources: Iterable[Source]) -> None:
        """Refuse a lake in which no file is a log.

        Raises:
            LakeError: it is empty, or no source knows any of its files.
        """
        if self.count == 0:
            raise LakeError(f"{lake}: the folder is empty")
        if not any(listing.files or listing.skipped for listing in self.listings.values()):
            shapes = "; ".join(f"{source.name}: {source.title}" for source in sources)
            note = self.unknown[0]
            first = str(note.path).rpartition("/")[2]
            what = f"{lake}: none of the {self.count} files is a log known here"
            raise LakeError(f"{what} ({first}: {note.reason}); known are {shapes}")
