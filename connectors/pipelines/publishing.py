"""Commands that publish a package to a registry. Sources: the command-line references of the tools named here."""

from __future__ import annotations

from connectors.pipelines.shell_words import Command

PUBLIC_HOSTS = {
    "npm": ("registry.npmjs.org", "registry.npmjs.com", "registry.yarnpkg.com"),
    "pypi": ("pypi.org",),
    "crates.io": ("crates.io",),
    "nuget": ("nuget.org",),
    "rubygems": ("rubygems.org",),
}
"""Hosts of the registries with trusted publishing: a package that goes elsewhere has no such choice."""

_CALLS = (
    ("npm", ("npm", "publish")),
    ("npm", ("pnpm", "publish")),
    ("npm", ("yarn", "publish")),
    ("npm", ("yarn", "npm", "publish")),
    ("npm", ("bun", "publish")),
    ("npm", ("lerna", "publish")),
    ("npm", ("npx", "lerna", "publish")),
    ("npm", ("changeset", "publish")),
    ("npm", ("npx", "changeset", "publish")),
    ("npm", ("yarn", "changeset", "publish")),
    ("npm", ("pnpm", "changeset", "publish")),
    ("npm", ("semantic-release",)),
    ("npm", ("npx", "semantic-release")),
    ("npm", ("yarn", "semantic-release")),
    ("npm", ("pnpm", "semantic-release")),
    ("pypi", ("twine", "upload")),
    ("pypi", ("uv", "publish")),
    ("pypi", ("poetry", "publish")),
    ("pypi", ("flit", "publish")),
    ("pypi", ("hatch", "publish")),
    ("pypi", ("pdm", "publish")),
    ("pypi", ("maturin", "publish")),
    ("pypi", ("maturin", "upload")),
    ("crates.io", ("cargo", "publish")),
    ("crates.io", ("cargo", "release")),
    ("nuget", ("dotnet", "nuget", "push")),
    ("nuget", ("nuget", "push")),
    ("rubygems", ("gem", "push")),
    ("rubygems", ("rake", "release")),
    ("rubygems", ("bundle", "exec", "rake", "release")),
)
_DESTINATIONS = ("--index-url", "--publish-url", "--registry", "--repository-url", "--source", "-s", "--host")
BY_ITSELF = frozenset({"npm publish", "pnpm publish", "uv publish"})
"""Commands that use the job's token by themselves where they are given no other."""


def publishes(command: Command) -> tuple[str, str] | None:
    """Return the registry that a command publishes to, and the command without what it is given."""
    words = command.words
    if len(words) > 2 and words[0].rpartition("/")[2] in {"python", "python3", "py"} and words[1] == "-m":
        command = Command(words=words[2:], assigned=command.assigned, line=command.line)
    return next(((registry, " ".join(call)) for registry, call in _CALLS if command.calls(*call)), None)


def destination(command: Command) -> str | None:
    """Return the address that a publishing command is given, as it stands; `None` for the tool's own choice."""
    return command.option(*_DESTINATIONS)


def is_public(registry: str, address: str) -> bool:
    """Say whether an address is the one with trusted publishing."""
    return any(host in address for host in PUBLIC_HOSTS[registry]) or address in {"pypi", "testpypi", "crates-io"}
