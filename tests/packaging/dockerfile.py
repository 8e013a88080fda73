"""The Dockerfile's own lines, followed in a folder instead of a container.

What only root can do there (another user, its powers) is left out; whatever else stands in the file
is done as it stands, so that a changed line is a tried line. An instruction that is not known here
raises.
"""

import json
import os
import re
import shlex
import shutil
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from fnmatch import fnmatch
from pathlib import Path

# What the image's base brings, and what would need root, in front of every other program.
_PYTHON = '#!/bin/sh\nexec "{python}" "$@"\n'
_PIP = '#!/bin/sh\nexec "{python}" -m pip "$@"\n'
_USERADD = "#!/bin/sh\nexit 0\n"
_INSTALL = """#!/bin/sh
for word do
    shift
    case $word in --owner=*|--group=*) ;; *) set -- "$@" "$word" ;; esac
done
exec /usr/bin/install "$@"
"""


@dataclass
class Image:
    """The last stage, as it would be: `root` is its `/`."""

    root: Path
    variables: dict[str, str] = field(default_factory=dict)
    folder: str = "/"
    user: str = "root"
    volumes: list[str] = field(default_factory=list)
    health_check: list[str] = field(default_factory=list)
    command: list[str] = field(default_factory=list)

    def inside(self, text: str) -> str:
        """With absolute paths as they are outside; those of the machine's own programs stay."""
        return re.sub(r"(?<![\w.$}/-])/(?=(venv|app|data)\b)", f"{self.root}/", text)

    def run(self, *words: str, **variables: str) -> "subprocess.CompletedProcess[str]":
        """A program of the image, with nothing of this machine's environment."""
        own = {name: self.inside(value) for name, value in self.variables.items()}
        program = shutil.which(words[0], path=own["PATH"])
        assert program, f"the image has no {words[0]}"
        return subprocess.run(
            [program, *words[1:]],
            env={**own, **variables},
            cwd=self.root / self.folder.strip("/"),
            capture_output=True,
            text=True,
            check=False,
        )


def build(checkout: Path, folder: Path, python: str) -> Image:
    """Follow the Dockerfile of a checkout; `python` stands for that of the base image."""
    programs = _programs(folder / "programs", python)
    stages: dict[str, Image] = {}
    image = Image(folder)
    for word, rest in instructions(checkout / "Dockerfile"):
        match word:
            case "FROM":
                name = rest.partition(" AS ")[2] or f"stage-{len(stages)}"
                image = stages[name] = Image(folder / name)
                image.root.mkdir(parents=True)
                image.variables["PATH"] = os.pathsep.join((str(programs), "/usr/bin", "/bin"))
            case "COPY":
                _copy(rest.split(), checkout, image, stages)
            case "RUN":
                _run(rest, image)
            case "ENV":
                for pair in shlex.split(rest):
                    key, _, value = pair.partition("=")
                    image.variables[key] = value.replace("$PATH", image.variables["PATH"])
            case "WORKDIR":
                image.folder = rest
                (image.root / rest.strip("/")).mkdir(parents=True, exist_ok=True)
            case "USER":
                image.user = rest
            case "VOLUME":
                image.volumes.append(rest)
            case "HEALTHCHECK":
                image.health_check = json.loads(rest.partition("CMD ")[2])
            case "CMD":
                image.command = json.loads(rest)
            case _:
                raise ValueError(f"an instruction that is not followed here: {word} {rest}")
    return image


def instructions(dockerfile: Path) -> Iterator[tuple[str, str]]:
    lines = [line for line in dockerfile.read_text().splitlines() if not line.startswith("#")]
    for line in "\n".join(lines).replace("\\\n", " ").splitlines():
        if line.strip():
            word, _, rest = line.strip().partition(" ")
            yield word, rest.strip()


def _programs(folder: Path, python: str) -> Path:
    folder.mkdir(parents=True)
    scripts = {"python": _PYTHON, "pip": _PIP, "useradd": _USERADD, "install": _INSTALL}
    for name, script in scripts.items():
        (folder / name).write_text(script.format(python=python))
        (folder / name).chmod(0o755)
    return folder


def _copy(words: list[str], checkout: Path, image: Image, stages: dict[str, Image]) -> None:
    *options, source, target = words
    to = image.root / (target if target.startswith("/") else f"{image.folder}/{target}").strip("/")
    if options:
        (stage,) = (option.removeprefix("--from=") for option in options)
        # Moved, since an environment is bound to its place: both stages' are the same one.
        shutil.copytree(stages[stage].root / source.strip("/"), to, symlinks=True)
        _rebind(to, str(stages[stage].root), str(image.root))
        return
    ignored = _ignored(checkout)
    assert not ignored(source), f"{source} is kept from the build by .dockerignore"
    if (checkout / source).is_dir():
        shutil.copytree(checkout / source, to, ignore=shutil.ignore_patterns("__pycache__"))
    else:
        shutil.copy(checkout / source, to / source if target == "." else to)


def _ignored(checkout: Path) -> Callable[[str], bool]:
    lines = (checkout / ".dockerignore").read_text().splitlines()
    patterns = [line for line in lines if line and not line.startswith("#")]

    def ignored(name: str) -> bool:
        found = False
        for pattern in patterns:
            if fnmatch(name, pattern.lstrip("!").removeprefix("**/")):
                found = not pattern.startswith("!")
        return found

    return ignored


def _rebind(environment: Path, before: str, after: str) -> None:
    """Scripts of an environment name its place; in the container that is the same one."""
    for script in (environment / "bin").iterdir():
        if script.is_file() and not script.is_symlink():
            text = script.read_bytes()
            script.write_bytes(text.replace(before.encode(), after.encode()))


def _run(command: str, image: Image) -> None:
    kept = ("HOME", "PIP_INDEX_URL", "PIP_EXTRA_INDEX_URL", "PIP_CONFIG_FILE", "PIP_CERT")
    machine = {name: os.environ[name] for name in kept if name in os.environ}
    subprocess.run(
        ["sh", "-ec", image.inside(command.replace("--no-cache-dir", ""))],
        env={"PIP_QUIET": "1", **machine, **image.variables},
        cwd=image.root / image.folder.strip("/"),
        check=True,
    )
