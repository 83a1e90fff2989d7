"""Set DXDay up from a bare clone: system packages, Python environment, front-end assets, catalogues.

Standard library only, because it runs before anything is installed.  Each step remembers a hash of what it was
made from and is skipped while that stays the same, so calling this every time costs a fraction of a second.
"""

from __future__ import annotations

import argparse
import ctypes
import fcntl
import hashlib
import importlib.util
import os
import re
import shutil
import socket
import subprocess
import sys
import time
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Callable, Iterator, NamedTuple, Sequence  # noqa: UP035  an older Python must reach its message

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
BIN = VENV / "bin"
STAMPS = VENV / "setup"
LOCKS = ROOT / "requirements"
NODE_MODULES = ROOT / "node_modules"
VENDOR = ROOT / "static" / "vendor"
CATALOGUES = ROOT / "dxday" / "translations"

OLDEST_PYTHON = (3, 11)
OLDEST_NPM = 7
"""The first npm that reads our lock file."""

FONT_SUBSETS = {"be-vietnam-pro": ("latin", "latin-ext", "vietnamese"), "mukta": ("devanagari",)}
FONT_WEIGHTS = (400, 500, 600, 700)

STARTED = time.monotonic()


class SetupError(Exception):
    """What stands in the way, in words for the person who typed `make`."""


# What the machine must have ---------------------------------------------------------------------------------


class Need(NamedTuple):
    """Something the system must have, the Debian package that brings it, and how to see whether it is there."""

    package: str
    purpose: str
    is_met: Callable[[], bool]


def library(name: str) -> Callable[[], bool]:
    """Return a check that the shared library can be loaded, whoever installed it."""

    def is_met() -> bool:
        try:
            ctypes.CDLL(name)
        except OSError:
            return False
        return True

    return is_met


def program(*names: str, also_in: str = "") -> Callable[[], bool]:
    """Return a check that one of the programs is on the path or matches the pattern below /."""

    def is_met() -> bool:
        return any(shutil.which(name) for name in names) or (
            also_in != "" and next(Path("/").glob(also_in), None) is not None
        )

    return is_met


def font(filename: str) -> Callable[[], bool]:
    """Return a check that a font file of this name lies in one of the usual folders."""
    folders = ("/usr/share/fonts", "/usr/local/share/fonts", "~/.local/share/fonts", "~/.fonts")

    def is_met() -> bool:
        return any(filename in files for top in folders for _, _, files in os.walk(os.path.expanduser(top)))

    return is_met


def can_make_environment() -> bool:
    """Tell whether a virtual environment is there already or can be made."""
    return (
        is_environment_sound()
        or bool(shutil.which("uv"))
        or importlib.util.find_spec("ensurepip") is not None
    )


NEEDS_FIRST = (
    Need(
        "python{}.{}-venv".format(*sys.version_info),
        "Python's own virtual environments",
        can_make_environment,
    ),
)
NEEDS_TO_RUN = (
    Need("libpangoft2-1.0-0", "sets the text of certificates", library("libpangoft2-1.0.so.0")),
    Need("libharfbuzz-subset0", "puts only the letters used into a PDF", library("libharfbuzz-subset.so.0")),
    Need("fonts-croscore", "Tinos, for official forms in the style of Decree 30", font("Tinos-Regular.ttf")),
)
NEEDS_TO_TEST = (
    Need("chromium", "the browser of the tests", program("chromium", "chromium-browser", "google-chrome")),
    Need("libatomic1", "Playwright, which steers the browser, needs it", library("libatomic.so.1")),
    Need(
        "postgresql",
        "the database of big installations",
        program(also_in="usr/lib/postgresql/*/bin/initdb"),
    ),
    Need("poppler-utils", "reads PDF text back", program("pdftotext")),
    Need("qpdf", "checks the structure of PDFs", program("qpdf")),
    Need("zbar-tools", "reads QR codes back", program("zbarimg")),
    Need("libxml2-utils", "checks XML against its schema", program("xmllint")),
)
# Servers that open ports as soon as Debian installs them, and Java: nobody's desk is asked for these.
NEEDS_OF_CI = (
    Need("dovecot-imapd", "the mailbox of the bounce tests", program("dovecot", also_in="usr/sbin/dovecot")),
    Need("redis-server", "the queue of many machines", program("redis-server")),
    Need("libjaxb-java", "veraPDF, the judge of PDF/A", program(also_in="usr/share/java/jaxb-runtime.jar")),
)


def install_system_packages(needs: Sequence[Need], *, update: bool = True) -> None:
    """Install Debian packages as root or through a sudo that asks no password; the caller knows that one works."""
    with progress("system packages: " + " ".join(need.package for need in needs)):
        apt = [
            *as_root(),
            "env",
            "DEBIAN_FRONTEND=noninteractive",
            "apt-get",
            "-q",
            "-o",
            "DPkg::Lock::Timeout=120",
        ]
        try:
            if update:
                run(*apt, "update")
            run(*apt, "install", "-y", "--no-install-recommends", *(need.package for need in needs))
        except SetupError as error:
            raise SetupError(f"{error}\n\n{how_to_install(needs)}") from None
    if still_missing := [need for need in needs if not need.is_met()]:
        raise SetupError(
            "apt-get installed its packages, but they do not do their work:\n" + listing(still_missing)
        )


def as_root() -> list[str]:
    """Return the words to put before a command that needs root: none, or a sudo that asks nothing."""
    return [] if os.geteuid() == 0 else ["sudo", "-n"]


def refuse_without_root(needs: Sequence[Need]) -> None:
    """Stop, naming the command to type, when packages are missing and nobody here may install them."""
    if not shutil.which("apt-get"):
        raise SetupError(
            "Missing on this machine (in Debian's names):\n"
            + listing(needs)
            + "\nThere is no apt-get here. Please install them in this system's own way, then run make again."
        )
    if os.geteuid() == 0:
        return
    if shutil.which("sudo") and subprocess.run(["sudo", "-n", "true"], capture_output=True).returncode == 0:
        return
    raise SetupError("Missing on this machine:\n" + listing(needs) + "\n" + how_to_install(needs))


def listing(needs: Sequence[Need]) -> str:
    """Return one line for each need, with what it is for."""
    return "".join(f"    {need.package:<22} {need.purpose}\n" for need in needs)


def how_to_install(needs: Sequence[Need]) -> str:
    """Return the exact command to type."""
    sudo = "" if os.geteuid() == 0 else "sudo "
    packages = " ".join(need.package for need in needs)
    return (
        "Please type this, then run make again:\n\n"
        f"    {sudo}apt-get update && {sudo}apt-get install -y --no-install-recommends {packages}\n"
    )


# Steps and what they remember -------------------------------------------------------------------------------


class Step(NamedTuple):
    """A step of the set-up: what it is made from, and what must lie there afterwards."""

    name: str
    inputs: tuple[Path, ...]
    products: tuple[Path, ...]

    def is_done(self) -> bool:
        """Tell whether the step was done with these very inputs and its products are still there."""
        if not self.stamp().is_file() or self.stamp().read_text() != self.mark():
            return False
        return all(product.exists() for product in self.products)

    def remember(self) -> None:
        """Write down that the step is done."""
        STAMPS.mkdir(parents=True, exist_ok=True)
        self.stamp().write_text(self.mark())

    def stamp(self) -> Path:
        """Return where the step's hash is kept."""
        return STAMPS / self.name

    def mark(self) -> str:
        """Return the hash of the inputs, of this very file, and of where and for which Python they were made."""
        sha = hashlib.sha256(f"{VENV} {sys.version_info[:2]}".encode())
        for path in (Path(__file__).resolve(), *self.inputs):
            sha.update(path.name.encode() + b"\0" + path.read_bytes())
        return sha.hexdigest()


UV = Step("uv", (LOCKS / "uv.txt",), (BIN / "uv",))
PACKAGES = Step("packages", (LOCKS / "run.txt",), (BIN / "python",))
TEST_PACKAGES = Step("test-packages", (LOCKS / "run.txt", LOCKS / "test.txt"), (BIN / "pytest",))
SOLVER = Step("solver", (LOCKS / "run.txt", LOCKS / "solver.txt"), (BIN / "python",))
NODE = Step("node", (LOCKS / "node.txt",), (BIN / "npm",))
PROJECT = Step("project", (ROOT / "pyproject.toml",), (BIN / "dxday",))
FRONT_END_INPUTS = (ROOT / "package.json", ROOT / "package-lock.json", ROOT / ".npmrc")
ASSETS = Step("assets", FRONT_END_INPUTS, (VENDOR / "reboot.css", VENDOR / "icons", VENDOR / "fonts"))
TEST_ASSETS = Step("test-assets", FRONT_END_INPUTS, (NODE_MODULES / "axe-core" / "axe.min.js",))


class progress:  # noqa: N801  reads as a sentence: with progress("…")
    """Say what begins and how long it took."""

    def __init__(self, what: str) -> None:
        self.what = what

    def __enter__(self) -> None:
        self.began = time.monotonic()
        say(f"{self.what} ...")

    def __exit__(self, kind: object, *_: object) -> None:
        if kind is None:
            say(f"{self.what}: done in {time.monotonic() - self.began:.1f} s")


def say(words: str) -> None:
    """Print one line with the seconds since the start."""
    print(f"[{time.monotonic() - STARTED:5.1f} s] {words}", flush=True)


def run(*command: str | Path) -> str:
    """Run a command in the project's folder and return what it printed; raise SetupError with that when it fails."""
    done = subprocess.run(
        [str(word) for word in command],
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
    )
    if done.returncode != 0:
        typed = " ".join(str(word) for word in command)
        raise SetupError(f"{typed}\n{done.stdout.rstrip()}\nended with {done.returncode}.")
    return done.stdout


# Python -----------------------------------------------------------------------------------------------------


def is_environment_sound() -> bool:
    """Tell whether .venv holds a working Python of a sufficient version, made for the place where it lies."""
    home = STAMPS / "home"
    if home.is_file() and home.read_text() != str(VENV):
        return False  # the folder was moved or copied: the scripts in it call a Python elsewhere
    if not home.is_file() and not shutil.which("uv") and not (BIN / "pip").exists():
        return False  # making it was interrupted
    question = f"import sys; sys.exit(sys.version_info < {OLDEST_PYTHON})"
    try:
        return subprocess.run([BIN / "python", "-c", question], capture_output=True).returncode == 0
    except OSError:
        return False


def make_environment() -> None:
    """Make .venv unless a sound one is there."""
    if not is_environment_sound():
        with progress("Python environment"):
            if VENV.exists():
                shutil.rmtree(VENV)
            if uv := shutil.which("uv"):
                run(uv, "venv", "--python", sys.executable, VENV)
            else:
                run(sys.executable, "-m", "venv", VENV)
    STAMPS.mkdir(exist_ok=True)
    (STAMPS / "home").write_text(str(VENV))


def installer() -> str:
    """Return the path of uv: the machine's, else the environment's own, brought by pip."""
    if uv := shutil.which("uv"):
        return uv
    if not UV.is_done():
        with progress("uv, the installer"):
            pip = (BIN / "python", "-m", "pip", "install", "--quiet", "--disable-pip-version-check")
            run(*pip, "--only-binary=:all:", "--require-hashes", "-r", LOCKS / "uv.txt")
        UV.remember()
    return str(BIN / "uv")


def install(*words: str | Path) -> None:
    """Install into .venv; whatever else is installed there stays."""
    run(installer(), "pip", "install", "--quiet", "--python", BIN / "python", *words)


def install_locked(step: Step, *locks: Path) -> None:
    """Install locked packages, each checked against its hash."""
    if step.is_done():
        return
    with progress(f"Python packages ({', '.join(lock.stem for lock in locks)})"):
        install("--no-build", "--require-hashes", *(word for lock in locks for word in ("-r", lock)))
    step.remember()


def install_solver() -> None:
    """Install the timetable solver, which DXDay can do without: as large as everything else together."""
    if not SOLVER.is_done():
        install_locked(SOLVER, LOCKS / "run.txt", LOCKS / "solver.txt")
        compile_bytecode()  # pandas, which OR-Tools loads, takes seconds without it


def wait_for_page(port: int) -> None:
    """Wait until something answers at the port, two minutes at the most: what is slow comes after the first page."""
    for _ in range(240):
        with socket.socket() as line:
            line.settimeout(0.5)
            if line.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.5)


def install_project() -> None:
    """Install DXDay itself as a link to this folder, which makes .venv/bin/dxday."""
    if PROJECT.is_done():
        return
    with progress("the project itself"):
        install("--no-deps", "--no-build-isolation", "-e", ROOT)
    PROJECT.remember()


def compile_bytecode() -> None:
    """Translate the installed packages for Python once; without it the first start takes seconds longer."""
    with progress("byte code"):
        run(BIN / "python", "-m", "compileall", "-q", "-j", "0", "-x", r"/tests?/", *site_packages())


def site_packages() -> Iterator[Path]:
    """Yield the folder of installed packages."""
    return VENV.glob("lib/python*/site-packages")


def compile_catalogues() -> None:
    """Compile the translations that changed."""
    sources = tuple(sorted(CATALOGUES.glob("*/LC_MESSAGES/*.po")))
    step = Step("catalogues", sources, tuple(source.with_suffix(".mo") for source in sources))
    if sources and not step.is_done():
        with progress("translations"):
            run(BIN / "pybabel", "compile", "-d", CATALOGUES)
        step.remember()


# Front end --------------------------------------------------------------------------------------------------


def find_npm() -> str | None:
    """Return the machine's npm when it is recent enough."""
    npm = shutil.which("npm")
    if not npm or not shutil.which("node"):
        return None
    try:
        version = re.search(r"^(\d+)\.\d+\.\d+$", run(npm, "--version"), re.MULTILINE)
    except SetupError:
        return None
    return npm if version and int(version[1]) >= OLDEST_NPM else None


def bring_npm() -> str:
    """Return the environment's own npm, for machines without one."""
    install_locked(NODE, LOCKS / "node.txt")
    return str(BIN / "npm")


def install_assets(npm: str, *, tests: bool) -> None:
    """Install the locked npm packages and copy what pages use to static/vendor; with `tests`, axe-core too."""
    # `npm ci` empties node_modules: what the tests once brought must come back.
    everything = tests or TEST_ASSETS.products[0].exists()
    with progress("front-end packages"):
        run(npm, "ci", *([] if everything else ["--omit=dev"]))
        copy_assets()
    ASSETS.remember()
    if everything:
        TEST_ASSETS.remember()


def copy_assets() -> None:
    """Fill static/vendor anew with the style sheet, icons and fonts that pages name, and their licences."""
    fresh = VENDOR.with_name("vendor.new")
    shutil.rmtree(fresh, ignore_errors=True)
    fresh.mkdir(parents=True)

    reboot = (NODE_MODULES / "bootstrap/dist/css/bootstrap-reboot.min.css").read_text("utf-8")
    # The source map is not served; a browser's tools would ask for it in vain.
    (fresh / "reboot.css").write_text(re.sub(r"/\*# sourceMappingURL=.*?\*/\s*$", "", reboot), "utf-8")
    shutil.copytree(NODE_MODULES / "bootstrap-icons/icons", fresh / "icons")
    (fresh / "fonts").mkdir()
    for name in font_files():
        family = next(family for family in FONT_SUBSETS if name.startswith(family))
        shutil.copyfile(NODE_MODULES / "@fontsource" / family / "files" / name, fresh / "fonts" / name)
    (fresh / "licences").mkdir()
    for package in ("bootstrap", "bootstrap-icons", *(f"@fontsource/{family}" for family in FONT_SUBSETS)):
        licence = f"{package.split('/')[-1]}.txt"
        shutil.copyfile(NODE_MODULES / package / "LICENSE", fresh / "licences" / licence)

    shutil.rmtree(VENDOR, ignore_errors=True)
    fresh.rename(VENDOR)


def font_files() -> list[str]:
    """Return the names of the web fonts, as their packages call them."""
    return [
        f"{family}-{subset}-{weight}-normal.woff2"
        for family, subsets in FONT_SUBSETS.items()
        for subset in subsets
        for weight in FONT_WEIGHTS
    ]


# All of it --------------------------------------------------------------------------------------------------


def in_ci() -> bool:
    """Tell whether this machine only runs the checks."""
    return os.environ.get("CI") == "true"


def set_up(*, tests: bool) -> None:
    """Do what is not done yet; slow things that do not wait for each other run side by side."""
    first = [need for need in NEEDS_FIRST if not need.is_met()]
    wanted = [*NEEDS_TO_RUN, *(NEEDS_TO_TEST if tests else ()), *(NEEDS_OF_CI if tests and in_ci() else ())]
    rest = [need for need in wanted if not need.is_met()]
    if first or rest:
        refuse_without_root(first + rest)

    with ThreadPoolExecutor() as side:
        jobs: list[Future[None]] = []
        if first:
            install_system_packages(first)
        if rest:
            jobs.append(side.submit(install_system_packages, rest, update=not first))
        make_environment()

        assets_due = not ASSETS.is_done() or (tests and not TEST_ASSETS.is_done())
        npm = find_npm() if assets_due else None
        if npm:
            jobs.append(side.submit(install_assets, npm, tests=tests))

        packages_due = not PACKAGES.is_done()
        install_locked(PACKAGES, LOCKS / "run.txt")
        if packages_due:
            jobs.append(side.submit(compile_bytecode))
        install_project()
        compile_catalogues()
        if assets_due and not npm:
            install_assets(bring_npm(), tests=tests)
        if tests:
            install_locked(TEST_PACKAGES, LOCKS / "run.txt", LOCKS / "test.txt")
            install_solver()
        for job in jobs:
            job.result()
        if jobs:
            say("set up")


def main() -> int:
    """Set up, one at a time in this folder; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--tests", action="store_true", help="also what only the tests need")
    parser.add_argument(
        "--solver", action="store_true", help="only the timetable solver, when all else is there"
    )
    parser.add_argument("--after-port", type=int, metavar="PORT", help="once something answers at PORT")
    options = parser.parse_args()
    if sys.version_info < OLDEST_PYTHON:
        print(
            "DXDay needs Python {}.{} or newer; this is {}.{} ({}).\n"
            "With a newer one beside it, name it: make run PYTHON=python3.12".format(
                *OLDEST_PYTHON, *sys.version_info[:2], sys.executable
            ),
            file=sys.stderr,
        )
        return 1
    if options.solver and SOLVER.is_done():
        return 0
    if options.after_port:
        wait_for_page(options.after_port)
    with open(__file__) as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        try:
            if options.solver:
                os.nice(10)
                install_solver()
            else:
                set_up(tests=options.tests)
        except SetupError as error:
            print(f"\n{error}", file=sys.stderr)
            return 1
        except KeyboardInterrupt:
            print("\nStopped. The next make goes on from here.", file=sys.stderr)
            return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
