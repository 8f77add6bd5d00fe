"""Tekton's tasks, pipelines and runs, and what stands beside them in the same files.

Tekton runs in a cluster: what a task asks for are Kubernetes Secrets, one key of them (`secretKeyRef`) or whole
(`envFrom`, workspaces, volumes), and the service account that it runs as. A slot is named `secret/key`. The token of
that service account can stand for lasting keys of a cloud.

Documentation: tekton.dev/docs/pipelines (tasks, pipelineruns, workspaces, auth), tekton.dev/docs/triggers;
pipelinesascode.com/docs; external-secrets.io/latest/api; secrets-store-csi-driver.sigs.k8s.io.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from connectors.pipelines.base import PipelineReading
from connectors.pipelines.notes import EVERYWHERE, Notes, Where, text_line
from connectors.pipelines.yaml_nodes import Mapping, Node, Scalar, Sequence, documents, items, mapping, text_of
from storage.inventory import Facet, PipelineDialect, ReferenceKind

_FILES = re.compile(r"(?:.*/)?\.?tekton(?:-[\w.-]+)?/(?:[^/]+/)*[^/]+\.ya?ml\Z|(?:.*/)?[^/]*tekton[^/]*\.ya?ml\Z")
_OURS = ("tekton.dev/", "triggers.tekton.dev/")
_COMPUTED = re.compile(r"\$\(|\{\{|\$\{")
_BY_PIPELINES_AS_CODE = re.compile(r"\{\{\s*git_auth_secret\s*\}\}")
"""A secret that Pipelines as Code makes for each run, and takes away after it."""
_PARAMETER = re.compile(r"\$\(params\.([\w.-]+)\)\Z")
_IDENTITIES = {
    "eks.amazonaws.com/role-arn": "aws",
    "iam.gke.io/gcp-service-account": "google_cloud",
    "azure.workload.identity/client-id": "azure",
}
_REMOTE = ("resolver", "bundle")


class Tekton:
    """Reads documents of `tekton.dev`."""

    dialect = PipelineDialect.TEKTON
    provider = "tekton"
    answers = frozenset({Facet.VAULT})

    def recognises(self, path: str) -> bool:
        """Say whether a path tells of Tekton: its folder, or its name."""
        return _FILES.match(path) is not None

    def read(self, text: str, path: str) -> PipelineReading:  # noqa: ARG002  # the seam has it
        """Read one file; of a file that holds no document of Tekton, nothing is said.

        Raises:
            Unreadable: when it is no YAML.
        """
        found = [one for one in documents(text) if isinstance(one, Mapping)]
        if not any((text_of(one.get("apiVersion")) or "").startswith(_OURS) for one in found):
            return PipelineReading()
        return _Reading(found).read()


class _Reading:
    """One file: what its parameters hold by default, and what it says."""

    def __init__(self, found: list[Mapping]) -> None:
        self._documents = found
        self._notes = Notes("tekton", keyless=True)
        self._defaults: dict[str, str] = {}

    def read(self) -> PipelineReading:
        local = {text_of(mapping(one.get("metadata")).get("name")) for one in self._documents}
        for one in self._documents:
            version, kind = text_of(one.get("apiVersion")) or "", text_of(one.get("kind"))
            if version.startswith(_OURS):
                self._defaults = dict(_defaults(one))
                self._annotated(one)
                self._walk(one, Where(job=_name(one) if kind in {"Task", "ClusterTask", "StepAction"} else None))
                self._taken_from_elsewhere(one, local)
            elif kind == "Secret":
                self._secret(one)
            elif kind in {"ExternalSecret", "ClusterExternalSecret"}:
                self._external(one)
            elif kind == "ServiceAccount":
                self._account(one)
            elif kind == "SecretProviderClass":
                self._notes.vault("secrets-store", one.line, "SecretProviderClass")
        return self._notes.reading()

    # --- what asks for secrets -------------------------------------------------------------------------------------

    def _walk(self, root: Mapping, at: Where) -> None:
        """Read a document however deep; a named task of a pipeline is a job of its own."""
        stack: list[tuple[str, Node, Where]] = [("", root, at)]
        while stack:
            key, node, where = stack.pop()
            if isinstance(node, Sequence):
                named = key in {"tasks", "finally"}
                stack.extend(
                    (key, item, Where(job=text_of(mapping(item).get("name"))) if named else where)
                    for item in reversed(node.items)
                )
            elif isinstance(node, Mapping):
                self._mapping(key, node, where)
                stack.extend((inner.text, value, where) for inner, value in reversed(node.pairs))
            elif key in {"serviceAccountName", "serviceAccount", "taskServiceAccountName"} and node.text:
                self._named(ReferenceKind.STORED_CREDENTIAL, node, where)
            elif key == "script":
                self._notes.commands(node.text, text_line(node), where)

    def _mapping(self, key: str, node: Mapping, at: Where) -> None:
        if node.get("secretName") is not None and node.get("secretKey") is not None:
            self._key(node.get("secretName"), node.get("secretKey"), at)
            return
        match key:
            case "secretKeyRef":
                self._key(node.get("name"), node.get("key"), at)
            case "secretRef":
                self._named(ReferenceKind.SECRET_GROUP, node.get("name"), at)
            case "secret":
                self._named(ReferenceKind.SECRET_GROUP, node.get("secretName") or node.get("name"), at)
            case "csi":
                self._mounted(node, at)
            case "imagePullSecrets":
                self._named(ReferenceKind.SECRET_GROUP, node.get("name"), at)
            case "env" | "params":
                self._variable(node, at)
            case _:
                pass

    def _key(self, name: Node | None, key: Node | None, at: Where) -> None:
        """Note one key of a Secret."""
        if not isinstance(name, Scalar) or _BY_PIPELINES_AS_CODE.search(name.text):
            return
        whole = self._resolved(name)
        part = self._resolved(key) if isinstance(key, Scalar) else None
        by_parameter = any(isinstance(one, Scalar) and _PARAMETER.match(one.text) for one in (name, key))
        if whole is None or by_parameter or (key is not None and part is None):
            self._notes.ask(ReferenceKind.ANY_SECRET, None, name.line, at)
        if whole is not None:
            told = f"{whole}/{part}" if part else whole
            self._notes.ask(ReferenceKind.SECRET if part else ReferenceKind.SECRET_GROUP, told, name.line, at)

    def _named(self, kind: ReferenceKind, node: Node | None, at: Where) -> None:
        """Note a Secret that is taken whole, or an account."""
        if not isinstance(node, Scalar) or not node.text or _BY_PIPELINES_AS_CODE.search(node.text):
            return
        name = self._resolved(node)
        if name is None or _PARAMETER.search(node.text):
            self._notes.ask(ReferenceKind.ANY_SECRET, None, node.line, at)
        if name is not None:
            self._notes.ask(kind, name, node.line, at)

    def _resolved(self, scalar: Scalar) -> str | None:
        """Return a name, or what a parameter holds when nobody gives it anything; `None` for one that is computed."""
        parameter = _PARAMETER.match(scalar.text)
        if parameter is not None:
            return self._defaults.get(parameter[1])
        return None if _COMPUTED.search(scalar.text) else scalar.text

    def _mounted(self, node: Mapping, at: Where) -> None:
        """Read a volume of the secrets store driver, which goes to a vault by the pod's identity or as it is set."""
        driver = text_of(node.get("driver"))
        if driver != "secrets-store.csi.k8s.io":
            return
        wanted = mapping(node.get("volumeAttributes")).get("secretProviderClass")
        static = True if node.get("nodePublishSecretRef") is not None else None
        self._notes.vault("secrets-store", node.line, "secrets-store.csi.k8s.io", at, keyless=False if static else None)
        if isinstance(wanted, Scalar):
            self._notes.ask(ReferenceKind.VAULT, self._resolved(wanted), wanted.line, at)

    def _variable(self, node: Mapping, at: Where) -> None:
        """Read a variable or parameter: its name tells what the Secret behind it holds, its value may stand there."""
        name, value = node.get("name"), node.get("value")
        if not isinstance(name, Scalar):
            return
        if mapping(node.get("valueFrom")).get("secretKeyRef") is not None:
            self._notes.named(name.text, name.line, at)
        for one in (value, node.get("default")):
            if isinstance(one, Scalar):
                self._notes.setting(name.text, one.text, one.line, at)

    # --- where tasks come from -------------------------------------------------------------------------------------

    def _annotated(self, document: Mapping) -> None:
        """Read the tasks that Pipelines as Code takes in by annotations: names of its hub, addresses, paths."""
        for key, value in mapping(mapping(document.get("metadata")).get("annotations")).pairs:
            if not re.match(r"pipelinesascode\.tekton\.dev/(?:task|pipeline)(?:-\d+)?\Z", key.text):
                continue
            for name in re.split(r"[\s,]+", (text_of(value) or "").strip("[] ")):
                if re.search(r"\.ya?ml\Z", name) and "://" not in name:
                    self._notes.include(name.strip("\"'"), value.line)
                elif name:
                    self._notes.cannot_tell("tasks are taken in from a hub or an address")

    def _taken_from_elsewhere(self, document: Mapping, local: set[str | None]) -> None:
        for key, reference in _references(document):
            if any(reference.get(word) is not None for word in _REMOTE):
                self._notes.cannot_tell("tasks are taken in from a hub, a bundle or another repository")
            elif text_of(reference.get("name")) not in local and text_of(reference.get("name")):
                self._notes.cannot_tell(f"it names a {key.removesuffix('Ref')} that another file or the cluster holds")

    # --- what stands beside ----------------------------------------------------------------------------------------

    def _secret(self, document: Mapping) -> None:
        """Read a Secret whose values stand in the file, whatever its keys are called."""
        for block in ("stringData", "data"):
            for key, value in mapping(document.get(block)).pairs:
                text = text_of(value)
                if text and len(text) > 3 and not re.search(r"[$<{%]", text):
                    self._notes.hard_coded(value.line, f"Secret {key.text}")

    def _external(self, document: Mapping) -> None:
        self._notes.vault("external-secrets", document.line, "ExternalSecret")
        spec = mapping(document.get("spec"))
        spec = mapping(spec.get("externalSecretSpec")) if spec.get("externalSecretSpec") else spec
        for item in (*items(spec.get("data")), *items(spec.get("dataFrom"))):
            reference = mapping(mapping(item).get("remoteRef") or mapping(item).get("extract"))
            path, part = reference.get("key"), text_of(reference.get("property"))
            if isinstance(path, Scalar):
                self._notes.ask(ReferenceKind.VAULT, f"{path.text}#{part}" if part else path.text, path.line)

    def _account(self, document: Mapping) -> None:
        """Read a service account: the Secrets that every run as it is given, and the cloud that takes its token."""
        for block in ("secrets", "imagePullSecrets"):
            for item in items(document.get(block)):
                self._named(ReferenceKind.SECRET_GROUP, mapping(item).get("name"), EVERYWHERE)
        for key, value in mapping(mapping(document.get("metadata")).get("annotations")).pairs:
            if key.text in _IDENTITIES and isinstance(value, Scalar):
                self._notes.keyless(_IDENTITIES[key.text], value.line, key.text)
                self._notes.ask(ReferenceKind.FEDERATION, self._resolved(value), value.line)


def _name(document: Mapping) -> str | None:
    return text_of(mapping(document.get("metadata")).get("name"))


def _mappings(node: Node) -> Iterator[tuple[str, Mapping]]:
    """Yield every mapping under a node with the key that it stands under."""
    stack: list[tuple[str, Node]] = [("", node)]
    while stack:
        key, one = stack.pop()
        if isinstance(one, Mapping):
            yield key, one
            stack.extend((inner.text, value) for inner, value in one.pairs)
        elif isinstance(one, Sequence):
            stack.extend((key, item) for item in one.items)


def _defaults(document: Mapping) -> Iterator[tuple[str, str]]:
    for key, one in _mappings(document):
        name, default = text_of(one.get("name")), text_of(one.get("default"))
        if key == "params" and name and default:
            yield name, default


def _references(document: Mapping) -> Iterator[tuple[str, Mapping]]:
    return ((key, one) for key, one in _mappings(document) if key in {"taskRef", "pipelineRef"})
