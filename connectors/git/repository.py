"""One repository, swept: every object once, then what no object holds, then one walk over history to attribute it."""

from __future__ import annotations

import os
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import msgspec

from connectors.base import TargetError
from connectors.detection.batch import Batch, Detection, Window
from connectors.git.authorship import Mailmap, parse_mailmap
from connectors.git.closing import Closing
from connectors.git.codeowners import Codeowners, find_codeowners
from connectors.git.command import GitCommand, GitFailed, git_version
from connectors.git.configuration import without_user_information
from connectors.git.connectivity import default_heads, peeled, true_cuts, unconnected, write_shallow
from connectors.git.exposures import Tag, Whereabouts
from connectors.git.file_scan import scan_into
from connectors.git.git_files import GitFiles
from connectors.git.head_files import HeadFiles
from connectors.git.history import History, read_history
from connectors.git.ignores import Ignores
from connectors.git.index import Index, IndexEntry
from connectors.git.keys import COMMIT_KEY, FILE_NAME_KEY, NAME_KEY, REF_KEY, REFLOG_KEY, TAG_KEY
from connectors.git.masking import Masker
from connectors.git.names import display
from connectors.git.objects import CatFileSource, Inventory, ObjectSource
from connectors.git.outcome import Outcome
from connectors.git.pipeline_files import PipelineFiles, default_branch, other_branches
from connectors.git.quarantine import Quarantine, build_quarantine, distinct_objects, verify_packs
from connectors.git.references import References, lost_beginnings, read_references
from connectors.git.revision import find_commit
from connectors.git.session import GitSession, ValueDetector
from connectors.git.shortfall import CARRIERS, HISTORY, Shortfall
from connectors.git.sightings import Sightings
from connectors.git.staging import LISTING_BYTES, missing_blobs, read_index, staged_entries, tree_of
from connectors.git.tags import in_signature, read_tag
from connectors.git.target import GitTarget, Located, Mode, repository_name, resource_uid
from storage.inventory import Carrier, GapReason, Observation, Pipeline, Place, Resource, Scope, git_scope_uid

_STORES_SHOWN = 5
_ROOTS_SHOWN = 40
"""Root commits that are recorded, to tell later whether it is still the same history."""

_NOTHING = History(values={}, people={}, newest_commit_time=None, commits=0, local_commits=0, gaps=(), complete=False)


@dataclass
class RepositorySweep:
    """Reads one repository that lies on this machine."""

    target: GitTarget
    located: Located
    session: GitSession
    cloned: bool = False
    """Whether it is our own clone of an address: then it has no local side and no configuration of anybody's."""
    sightings: Sightings = field(init=False)
    masker: Masker = field(default_factory=Masker)
    _detector: ValueDetector = field(init=False, repr=False)
    _shallow: bool = False
    """Whether history turned out to be cut off."""
    _tags: dict[str, Tag] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Begin with nothing seen."""
        self.sightings = Sightings(self.session.limits)

    # -- names --------------------------------------------------------------------------------------------------------

    @cached_property
    def shown(self) -> str:
        """How the repository is called."""
        return display(repository_name(self.target, self.located))

    @cached_property
    def resource_uid(self) -> str:
        """By what it is found again."""
        return resource_uid("repository", self.target, self.shown)

    @cached_property
    def location(self) -> str:
        """Where it was read, fit to be shown."""
        where = without_user_information(self.target.location) if self.cloned else self.located.location
        return display(where)

    @property
    def scope_uids(self) -> Mapping[Carrier, str]:
        """The scopes of this run. One that sees a part of a repository only never speaks for its whole."""
        if self.target.mode is Mode.STAGED:
            carriers = [Carrier.WORKTREE]
        elif self.target.mode is Mode.SINCE:
            carriers = [Carrier.REFS]
        elif self.cloned:
            carriers = [Carrier.REFS, Carrier.METADATA]
        elif self.located.worktree is None:
            carriers = [Carrier.REFS, Carrier.LOCAL, Carrier.METADATA]
        else:
            carriers = list(CARRIERS)
        uids = {carrier: git_scope_uid(self.resource_uid, carrier, self.location) for carrier in carriers}
        return {
            carrier: uid + (f"?{part}" if (part := self._part_of(carrier)) else "") for carrier, uid in uids.items()
        }

    def _part_of(self, carrier: Carrier) -> str | None:
        """Say by what this run sees only a part of a scope. A shallow clone knows nothing of what was before."""
        if self.target.mode is not Mode.FULL:
            return self.target.mode
        if carrier in HISTORY and self._shallow:
            return "shallow"
        if carrier is Carrier.REFS and self.located.configuration.fetches_some_branches:
            return "some-branches"
        return None

    # -- the sweep ----------------------------------------------------------------------------------------------------

    def observations(self) -> Iterator[Observation]:
        """Yield everything there is to say, with no value left in any name."""
        for record in self._observations():
            self.masker.look_through(record, self._detector)
            yield self.masker.masked(record)

    def _observations(self) -> Iterator[Observation]:
        outcome = Outcome(self.scope_uids)
        outcome.lost(self.located.shortfalls)
        if self.located.git_directory is None:
            yield from self._without_history(outcome)
            return
        references = read_references(
            str(self.located.common_directory), self.located.git_directory, self.session.limits
        )
        outcome.lost(references.shortfalls)
        self._refuse_unknown_formats(outcome)
        self._say_what_was_not_fetched(outcome)
        quarantine = self._quarantine(outcome)
        command = quarantine.command()
        files = HeadFiles(command, references.head, self.located.worktree)
        ignores = Ignores(files)
        detector = self._detector = self.session.detector(ignores.baselines)

        index, staged = self._staged(command, references, outcome)
        wanted, given = self._part(command, references, staged)
        inventory = self._scan_objects(quarantine, detector, wanted, self._known_ids(references, index), outcome)
        if self.target.mode is not Mode.STAGED:
            common = str(self.located.common_directory)
            outcome.lost(lost_beginnings(references, common, len(inventory.commits)))
        if self.target.mode is not Mode.SINCE:
            self._scan_staged_names(detector, staged)
        if self.target.mode is Mode.FULL:
            outcome.lost(missing_blobs(index.entries, inventory.held))
            self._scan_metadata(detector, references, outcome)
            self._scan_worktree(detector, index, inventory, outcome)
        dropped = self.sightings.forget(given)
        self._left_out(outcome, inventory, references, index, dropped)

        history = self._history(quarantine, references, inventory, files, outcome)
        codeowners = find_codeowners(files.read_at_head)
        pipelines = self._pipelines(quarantine, references, codeowners, outcome)
        closing = self._closing(files, ignores, outcome)
        closing.declare()
        yield self._resource(references, history, quarantine)
        yield from self._scopes()
        yield from pipelines
        yield from closing.records(history, self._whereabouts(references, inventory, staged), codeowners)

    def _without_history(self, outcome: Outcome) -> Iterator[Observation]:
        """Sweep the files of a work tree whose git directory may not be read."""
        if self.target.mode is not Mode.FULL:
            raise TargetError(f"{self.shown}: {self.located.shortfalls[0].detail}")
        files = HeadFiles(None, None, self.located.worktree)
        ignores = Ignores(files)
        detector = self._detector = self.session.detector(ignores.baselines)
        self._scan_worktree(detector, Index(), Inventory(), outcome)
        closing = self._closing(files, ignores, outcome)
        closing.declare()
        yield Resource(uid=self.resource_uid, kind="repository", name=self.shown, location=self.location)
        yield from self._scopes()
        yield from closing.records(_NOTHING)

    def _closing(self, files: HeadFiles, ignores: Ignores, outcome: Outcome) -> Closing:
        return Closing(
            repository=self.shown,
            scope_uids=self.scope_uids,
            files=files,
            ignores=ignores,
            sightings=self.sightings,
            detector=self._detector,
            outcome=outcome,
            session=self.session,
        )

    def _resource(self, references: References, history: History, quarantine: Quarantine) -> Resource:
        origin = self.located.configuration.origin
        aliases = {without_user_information(origin)} if origin and not self.cloned else set()
        return Resource(
            uid=self.resource_uid,
            kind="repository",
            name=self.shown,
            location=self.location,
            aliases=tuple(sorted(display(alias) for alias in aliases)),
            head_ref=display(references.head_ref) if references.head_ref else None,
            head_commit=references.head,
            last_commit_time=history.newest_commit_time,
            attributes={
                "object_format": quarantine.object_format,
                "git_version": ".".join(map(str, git_version())),
                "bare": str(self.located.worktree is None).lower(),
                "shallow": str(bool(references.shallow)).lower(),
                "partial_clone": str(self._partial_clone(quarantine)).lower(),
                "roots": " ".join([oid for oid in history.roots if oid not in references.shallow][:_ROOTS_SHOWN]),
                "commits": str(history.commits - history.local_commits),
            },
        )

    def _scopes(self) -> Iterator[Scope]:
        for carrier, uid in self.scope_uids.items():
            yield Scope(
                uid=uid,
                connector="git",
                resource_uid=self.resource_uid,
                name=f"{self.shown} {carrier}",
                carrier=carrier,
                location=None if carrier is Carrier.REFS else self.location,
                part=self._part_of(carrier) is not None,
            )

    # -- layout -------------------------------------------------------------------------------------------------------

    def _refuse_unknown_formats(self, outcome: Outcome) -> None:
        configuration = self.located.configuration
        if configuration.reference_format != "files":
            detail = "its refs are kept in the reftable format, which is not read yet: branches and tags are unknown"
            outcome.lost([_shortfall(GapReason.UNSUPPORTED, detail, Carrier.REFS, Carrier.LOCAL, Carrier.METADATA)])
        if configuration.object_format not in {"sha1", "sha256"}:
            detail = f"its object format {display(configuration.object_format)} is not known; it was read as sha1"
            outcome.lost([_shortfall(GapReason.UNSUPPORTED, detail)])

    def _say_what_was_not_fetched(self, outcome: Outcome) -> None:
        """Name the branches that this clone was told to leave out: they may hold what no longer stands here."""
        if self.target.mode is not Mode.FULL or not self.located.configuration.fetches_some_branches:
            return
        detail = "this clone fetches only some branches of its origin (--single-branch): fetch all of them"
        if self.target.shallow_is_gap:
            outcome.lost([_shortfall(GapReason.SHALLOW, detail, Carrier.REFS)])
        else:
            outcome.left_out(Carrier.REFS, "some_branches", detail, 1)

    def _quarantine(self, outcome: Outcome) -> Quarantine:
        said = self.located.configuration.object_format
        quarantine = build_quarantine(
            os.path.join(str(self.located.common_directory), "objects"),
            os.path.join(self.session.scratch, "git"),
            object_format=said if said == "sha256" else "sha1",
            roots=(*self.located.roots, *(os.path.realpath(folder) for folder in self.target.allowed)),
        )
        outcome.lost(quarantine.store.shortfalls)
        return quarantine

    def _partial_clone(self, quarantine: Quarantine) -> bool:
        return quarantine.store.promisor or self.located.configuration.partial_clone

    # -- objects ------------------------------------------------------------------------------------------------------

    def _scan_objects(
        self,
        quarantine: Quarantine,
        detector: ValueDetector,
        wanted: Sequence[bytes] | None,
        known_ids: frozenset[str],
        outcome: Outcome,
    ) -> Inventory:
        """Scan the objects asked for, `None` for all. Of `known_ids` the inventory says whether they exist."""
        source: ObjectSource = CatFileSource(
            quarantine.command(),
            scratch=str(self.session.scratch),
            limits=self.session.limits,
            deadline=self.session.deadline,
            object_format=quarantine.object_format,
            only=wanted,
            wanted_ids=known_ids,
            progress=self.session.progress,
        )
        inventory = source.take_inventory()
        if self.target.mode is Mode.FULL:
            self._prove(quarantine, inventory, outcome)
        for batch in source.batches():
            self._take(detector.detect(batch), batch)
        outcome.lost(inventory.shortfalls)
        for carrier in (Carrier.WORKTREE,) if self.target.mode is Mode.STAGED else (Carrier.REFS,):
            outcome.counted(
                carrier, expected=inventory.listed, fetched=inventory.fetched, bytes_read=inventory.bytes_read
            )
        return inventory

    @staticmethod
    def _known_ids(references: References, index: Index) -> frozenset[str]:
        """Refs may name blobs and trees directly; index entries tell which files are scanned as objects."""
        return frozenset({*references.refs.values(), *(entry.oid for entry in index.entries)})

    def _staged(self, command: GitCommand, references: References, outcome: Outcome) -> tuple[Index, list[IndexEntry]]:
        """Return the index of a work tree, and of its entries those that HEAD does not have so."""
        if self.located.worktree is None or self.target.mode is Mode.SINCE:
            return Index(), []
        index, lost = read_index(self.located, self.target.index_file)
        outcome.lost(lost)
        try:
            staged, lost = staged_entries(command, index, tree_of(command, references.head))
        except GitFailed as failed:
            if self.target.mode is Mode.STAGED:
                raise TargetError(f"{self.shown}: what is staged could not be told: {failed}") from None
            # A tree too deep or too large: then what is staged is named as staged, though HEAD may hold it too.
            return index, [entry for entry in index.entries if not entry.is_submodule]
        outcome.lost(lost)
        return index, staged

    def _scan_staged_names(self, detector: ValueDetector, staged: Sequence[IndexEntry]) -> None:
        """Scan the paths of staged files: no tree holds them yet, and the file itself may be gone again."""
        paths = {FILE_NAME_KEY + os.fsdecode(entry.path): entry.path for entry in staged}
        self._scan_texts(detector, paths, Place.FILE_NAME)

    def _part(
        self, command: GitCommand, references: References, staged: Sequence[IndexEntry]
    ) -> tuple[list[bytes] | None, frozenset[str]]:
        """Return the ids to scan (`None` for all), and those among them that were there before."""
        try:
            match self.target.mode:
                case Mode.FULL:
                    return None, frozenset()
                case Mode.STAGED:
                    at_head = tree_of(command, references.head)
                    before = {at_head[entry.path] for entry in staged if entry.path in at_head}
                    return _ids({entry.oid for entry in staged} | before), frozenset(before)
                case Mode.SINCE:
                    return self._since(command, references)
        except GitFailed as failed:
            raise TargetError(f"{self.shown}: what is new could not be told: {failed}") from None

    def _since(self, command: GitCommand, references: References) -> tuple[list[bytes], frozenset[str]]:
        base = self._commit_named(command, references, self.target.since or "")
        if references.head is None:
            return [], frozenset()
        walk = f"{references.head}\n^{base}\n".encode()
        listed = command.run(
            ["rev-list", "--objects", "--no-object-names", "--stdin"], input=walk, limit_bytes=LISTING_BYTES
        )
        changes = command.run(["diff-tree", "-r", "--no-renames", "--raw", "-z", base, references.head, "--"])
        before = {
            fields[2].decode()
            for fields in (part.split(b" ") for part in changes.split(b"\0") if part.startswith(b":"))
            if len(fields) == 5 and fields[2].strip(b"0") and fields[0] != b":160000"
        }
        names = command.run(["ls-tree", "-r", "-t", "-z", "--name-only", base, "--"], limit_bytes=LISTING_BYTES)
        known = {NAME_KEY + os.fsdecode(part) for path in names.split(b"\0") for part in path.split(b"/") if part}
        return _ids({line.decode() for line in listed.split()} | before), frozenset(before | known)

    def _commit_named(self, command: GitCommand, references: References, name: str) -> str:
        oid = find_commit(command, references, name)
        if oid is None:
            raise TargetError(f"{self.shown}: {display(name)!r} names no commit of this repository")
        return oid

    def _prove(self, quarantine: Quarantine, inventory: Inventory, outcome: Outcome) -> None:
        """Compare what git lists with our own count, and the packs with their checksums."""
        counted, wrong = verify_packs(quarantine.store, quarantine.object_format)
        if not wrong and counted != inventory.listed:
            counted = distinct_objects(quarantine.store, quarantine.object_format)
        if not wrong and counted != inventory.listed:
            detail = f"git listed {inventory.listed} objects, and the store's own indexes hold {counted}"
            wrong = [_shortfall(GapReason.MISSING_OBJECTS, detail)]
        outcome.lost(wrong)

    def _take(self, detections: Iterable[Detection], batch: Batch) -> None:
        windows: dict[str, Window] = {}
        for detection in detections:
            key = detection.key
            place = Place.BLOB
            if key.startswith((NAME_KEY, COMMIT_KEY, TAG_KEY)):
                windows = windows or {window.key: window for window in batch.windows}
                named = key.startswith(NAME_KEY)
                if not named and in_signature(detection, batch, windows[key]):
                    continue
                if key.startswith(TAG_KEY):
                    self._tags.setdefault(key.removeprefix(TAG_KEY), read_tag(batch, windows[key]))
                place = Place.FILE_NAME if named else _place_in_header(detection, batch, windows[key])
                if place in {Place.FILE_NAME, Place.AUTHOR}:
                    self.masker.remember(detection, batch, windows[key])
            self.sightings.add(detection, place)

    # -- what no object holds -----------------------------------------------------------------------------------------

    def _scan_metadata(self, detector: ValueDetector, references: References, outcome: Outcome) -> None:
        known = [*references.refs, *references.unresolved, *map(os.fsencode, references.reflogs)]
        known += [references.head_ref] if references.head_ref else []
        names = {REF_KEY + os.fsdecode(name): name for name in known}
        self._scan_texts(detector, names, Place.REF_NAME)
        size = sum(map(len, names.values()))
        outcome.counted(Carrier.METADATA, expected=len(names), fetched=len(names), bytes_read=size)
        if not self.cloned:
            self._scan_git_files(detector, outcome)
        reflogs = {REFLOG_KEY + name: content for name, content in references.reflogs.items()}
        self._scan_texts(detector, reflogs, Place.REFLOG)
        size = sum(map(len, reflogs.values()))
        outcome.counted(Carrier.LOCAL, expected=len(reflogs), fetched=len(reflogs), bytes_read=size)

    def _scan_git_files(self, detector: ValueDetector, outcome: Outcome) -> None:
        directories = (str(self.located.common_directory), str(self.located.git_directory))
        files = GitFiles(directories, self.located.location, self.located.configuration.object_format)
        for texts in files.parts():
            self._scan_texts(detector, texts, Place.GIT_CONFIG)
            if time.monotonic() > self.session.deadline:
                detail = "reading the git directory took too long and was stopped"
                outcome.lost([_shortfall(GapReason.TIMED_OUT, detail, Carrier.METADATA)])
                break
        outcome.lost(files.shortfalls)
        outcome.counted(Carrier.METADATA, expected=files.files, fetched=files.read, bytes_read=files.bytes_read)
        special = "FIFOs, sockets and devices hold nothing to read"
        outcome.left_out(Carrier.METADATA, "special_file", special, files.special)
        names = ", ".join(map(display, files.stores[:_STORES_SHOWN]))
        detail = (
            f"history of repositories kept in the git directory, as of submodules: sweep each by its path ({names})"
        )
        outcome.left_out(Carrier.METADATA, "nested_repository", detail, len(files.stores))
        detail = "content kept by Git LFS in the git directory"
        outcome.left_out(Carrier.METADATA, "lfs_content", detail, files.lfs)

    def _scan_texts(self, detector: ValueDetector, texts: Mapping[str, bytes], place: Place) -> None:
        buffer = bytearray()
        windows: list[Window] = []
        for key, content in texts.items():
            begin = len(buffer)
            buffer += content
            windows.append(Window(key=key, start=begin, end=len(buffer)))
            buffer += b"\n"
        batch, by_key = Batch(buffer=buffer, windows=windows), {window.key: window for window in windows}
        for detection in detector.detect(batch) if windows else ():
            if place is not Place.REFLOG:
                self.masker.remember(detection, batch, by_key[detection.key])
            self.sightings.add(detection, place)

    def _scan_worktree(self, detector: ValueDetector, index: Index, inventory: Inventory, outcome: Outcome) -> None:
        if self.located.worktree is None:
            return
        tracked: dict[bytes, frozenset[str]] = {}
        for entry in index.entries:
            held = frozenset({entry.oid} & inventory.scanned)
            tracked[entry.path] = tracked.get(entry.path, frozenset()) | held
        scan_into(
            self.sightings,
            outcome,
            self.masker,
            root=self.located.worktree,
            detector=detector,
            session=self.session,
            tracked=tracked,
            object_format=self.located.configuration.object_format,
            own=tuple(path for path in (self.located.git_directory, self.located.common_directory) if path),
        )

    # -- history ------------------------------------------------------------------------------------------------------

    def _history(
        self,
        quarantine: Quarantine,
        references: References,
        inventory: Inventory,
        files: HeadFiles,
        outcome: Outcome,
    ) -> History:
        command = self._cut(quarantine, references, inventory, outcome)
        refs = dict(references.refs)
        if self.target.mode is Mode.FULL:
            refs, lost = peeled(references, inventory)
            outcome.lost(lost)
        head = references.head
        if self.target.mode is Mode.STAGED:
            return _NOTHING
        if self.target.mode is Mode.FULL:
            self.session.progress("connections", 0, None)
            partial = self._partial_clone(quarantine)
            deadline = self.session.deadline
            outcome.lost(unconnected(command, references, inventory, partial_clone=partial, deadline=deadline))
            tips = {oid.hex() for oid in inventory.commits}
            head = head if head and head in tips else None
        else:
            tips = {head} if head else set()
            refs = {name: oid for name, oid in refs.items() if oid == head}
        history = read_history(
            command,
            tips=tips,
            refs=refs,
            head=head,
            holders=self._holders(),
            limits=self.session.limits,
            deadline=self.session.deadline,
            default_heads=default_heads(references, refs, bare=self.located.worktree is None),
            suspicious_names=self._suspicious_names(),
            mailmap=_mailmap(files),
            progress=self.session.progress,
        )
        outcome.lost(history.gaps)
        if not history.complete and not history.gaps:
            outcome.lost([_shortfall(GapReason.FAILED, "history was not walked to its end")])
        return history

    def _cut(
        self, quarantine: Quarantine, references: References, inventory: Inventory, outcome: Outcome
    ) -> GitCommand:
        """Tell git where history is cut, as far as that is true, and say so."""
        cuts, false_cuts = true_cuts(quarantine.command(), references, inventory)
        if cuts and self.target.mode is Mode.FULL:
            self._shallow = True
            outcome.rename(self.scope_uids)
            detail = "older history is not in this clone (it is shallow): fetch all of it"
            if self.target.shallow_is_gap:
                outcome.lost([_shortfall(GapReason.SHALLOW, detail, Carrier.REFS, count=len(cuts))])
            else:
                outcome.left_out(Carrier.REFS, "shallow", detail)
        outcome.left_out(Carrier.REFS, "false_cut", "shallow marks that would hide commits were ignored", false_cuts)
        write_shallow(quarantine.git_directory, cuts)
        return quarantine.command()

    def _holders(self) -> dict[str, frozenset[int]]:
        found: dict[str, frozenset[int]] = {}
        for key, numbers in self.sightings.holders().items():
            oid = key.removeprefix(COMMIT_KEY)
            if ":" not in oid:
                found[oid] = numbers
        return found

    def _suspicious_names(self) -> dict[bytes, frozenset[int]]:
        return {
            os.fsencode(key.removeprefix(NAME_KEY)): numbers
            for key, numbers in self.sightings.holders().items()
            if key.startswith(NAME_KEY)
        }

    def _whereabouts(self, references: References, inventory: Inventory, staged: Sequence[IndexEntry]) -> Whereabouts:
        named = set(references.refs.values())
        for _ in range(8):
            further = {inventory.tag_targets[oid][1] for oid in named if oid in inventory.tag_targets}
            if further <= named:
                break
            named |= further
        held = {key for value in self.sightings.values for key in value.sightings}
        paths: dict[str, list[bytes]] = {}
        for entry in staged:
            if entry.oid in held:
                paths.setdefault(entry.oid, []).append(entry.path)
        return Whereabouts(
            named_by_refs=frozenset(oid for oid in named if bytes.fromhex(oid) not in inventory.commits),
            staged={oid: tuple(places) for oid, places in paths.items()},
            tags=self._named_tags(references),
        )

    def _named_tags(self, references: References) -> dict[str, Tag]:
        """Return the tags that hold a value, each by the first ref that names it, else by its own name."""
        refs = {oid: name for name, oid in sorted(references.refs.items(), reverse=True)}
        return {oid: msgspec.structs.replace(tag, name=refs.get(oid, tag.name)) for oid, tag in self._tags.items()}

    # -- pipelines ----------------------------------------------------------------------------------------------------

    def _pipelines(
        self, quarantine: Quarantine, references: References, codeowners: Codeowners | None, outcome: Outcome
    ) -> list[Pipeline]:
        """Read the pipeline files; where only a part was asked for, nothing is said of them."""
        bare = self.located.worktree is None
        default = default_branch(references.refs, references.head_ref, references.head, bare=bare)
        if self.target.mode is not Mode.FULL or default is None:
            return []
        files = PipelineFiles(
            quarantine.command(),
            resource_uid=self.resource_uid,
            scope_uid=self.scope_uids[Carrier.REFS],
            codeowners=codeowners,
            deadline=self.session.deadline,
        )
        pipelines = files.read(default, other_branches(references.refs, default))
        outcome.lost(files.shortfalls)
        detail = "branches on which no pipeline files were looked for: there are too many"
        outcome.left_out(Carrier.REFS, "pipeline_branches", detail, files.branches_left_out)
        return pipelines

    # -- what was left out --------------------------------------------------------------------------------------------

    def _left_out(
        self, outcome: Outcome, inventory: Inventory, references: References, index: Index, dropped: int
    ) -> None:
        refs = Carrier.REFS
        outcome.left_out(
            refs, "lfs_content", "content kept by Git LFS: only its pointers lie here", inventory.lfs_pointers
        )
        submodules = sum(entry.is_submodule for entry in index.entries)
        detail = "submodules: sweep each by its own name"
        outcome.left_out(Carrier.WORKTREE if index.entries else refs, "submodule", detail, submodules)
        replaced = "replacement refs and grafts were ignored: the commits they hide were read"
        outcome.left_out(refs, "replacement", replaced, references.replaced)
        if self.target.mode is not Mode.FULL:
            detail = "only what is new was read; nothing is said of the rest"
            outcome.left_out(next(iter(self.scope_uids)), "partial_by_request", detail)
            detail = "values that stood there before were left out"
            outcome.left_out(next(iter(self.scope_uids)), "known_before", detail, dropped)
        if self.cloned:
            outcome.left_out(refs, "unreachable", "a clone brings only what the server's refs reach")


def _shortfall(
    reason: GapReason, detail: str, *carriers: Carrier, locator: str | None = None, count: int = 1
) -> Shortfall:
    lost = Shortfall(reason=reason, detail=detail, locator=locator, count=count)
    return (
        lost
        if not carriers
        else Shortfall(reason=reason, detail=detail, carriers=carriers, locator=locator, count=count)
    )


def _ids(oids: Iterable[str]) -> list[bytes]:
    return [oid.encode() for oid in sorted(oids)]


def _mailmap(files: HeadFiles) -> Mailmap | None:
    content = files.read_at_head(".mailmap")
    return parse_mailmap(content) if content is not None else None


def _place_in_header(detection: Detection, batch: Batch, window: Window) -> Place:
    """Tell a commit's or tag's people from its message."""
    message = Place.COMMIT_MESSAGE if detection.key.startswith(COMMIT_KEY) else Place.TAG_MESSAGE
    if window.offset:
        return message
    text = bytes(batch.buffer[window.start : window.end])
    end = text.find(b"\n\n")
    if end >= 0 and detection.offset >= end:
        return message
    line = text[text.rfind(b"\n", 0, detection.offset + 1) + 1 :]
    return Place.AUTHOR if line.startswith((b"author ", b"committer ", b"tagger ")) else message
