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
_TOKENS = (
    ("npm", ("npm", "config", "set"), ()),
    ("pypi", ("twine", "upload"), ("-p", "--password")),
    ("pypi", ("uv", "publish"), ("-t", "--token", "-p", "--password")),
    ("pypi", ("poetry", "publish"), ("-p", "--password")),
    ("pypi", ("poetry", "config"), ()),
    ("pypi", ("hatch", "publish"), ("-a", "--auth")),
    ("pypi", ("pdm", "publish"), ("-P", "--password")),
    ("crates.io", ("cargo", "publish"), ("--token",)),
    ("crates.io", ("cargo", "login"), ()),
    ("nuget", ("dotnet", "nuget", "push"), ("-k", "--api-key")),
    ("nuget", ("nuget", "push"), ("-ApiKey",)),
)
_SETTINGS = ("//registry.npmjs.org/:_authToken", "pypi-token.")
_DESTINATIONS = ("--index-url", "--publish-url", "--registry", "--repository-url", "--source", "-s", "--host")
BY_ITSELF = frozenset({"npm publish", "pnpm publish", "uv publish"})
"""Commands that use the job's token by themselves where they are given no other."""


def publishes(command: Command) -> tuple[str, str] | None:
    """Return the registry that a command publishes to, and the command without what it is given."""
    command = _without_python(command)
    return next(((registry, " ".join(call)) for registry, call in _CALLS if command.calls(*call)), None)


def token_given(command: Command) -> tuple[str, str, str] | None:
    """Return the registry that a command gives a token for, the command without it, and the token as it stands."""
    command = _without_python(command)
    for registry, call, options in _TOKENS:
        if not command.calls(*call):
            continue
        given = command.option(*options) if options else _last_setting(command)
        if given:
            return registry, " ".join(call), given
    return None


def _last_setting(command: Command) -> str | None:
    """Return what a setting that takes a token is given; `None` for any other setting."""
    if command.calls("cargo", "login"):
        return command.words[-1] if len(command.words) > 2 else None
    joined = next((word for word in command.words if word.startswith(_SETTINGS)), None)
    if joined is None:
        return None
    return joined.partition("=")[2] or command.words[-1]


def _without_python(command: Command) -> Command:
    words = command.words
    if len(words) > 2 and words[0].rpartition("/")[2] in {"python", "python3", "py"} and words[1] == "-m":
        return Command(words=words[2:], assigned=command.assigned, line=command.line)
    return command


def destination(command: Command) -> str | None:
    """Return the address that a publishing command is given, as it stands; `None` for the tool's own choice."""
    return command.option(*_DESTINATIONS)


def is_public(registry: str, address: str) -> bool:
    """Say whether an address is the one with trusted publishing."""
    return any(host in address for host in PUBLIC_HOSTS[registry]) or address in {"pypi", "testpypi", "crates-io"}
