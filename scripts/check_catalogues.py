"""Tell whether the translations are complete: nothing missing, nothing fuzzy, every blank where it belongs.

Usage: check_catalogues.py messages.pot messages.po...
"""

import re
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from babel.messages.catalog import Catalog, Message
from babel.messages.pofile import read_po

BLANK = re.compile(r"%\((\w+)\)[#0\- +]*[\d.]*[a-zA-Z]|%%|\{\w*\}")
"""What is filled in later: %(name)s and its kin, a literal %%, {name}."""


def read(path: Path) -> Catalog:
    """Return the catalogue; raises PoFileError where it is broken."""
    with path.open("rb") as file:
        return read_po(file, abort_invalid=True)


def find_faults(source: Catalog, translated: Catalog) -> Iterator[tuple[Message, str]]:
    """Yield each message of the source whose translation cannot be shown, and why."""
    for message in source:
        if not message.id:
            continue
        found = translated.get(message.id if isinstance(message.id, str) else message.id[0], message.context)
        if found is None:
            yield message, "is not in the catalogue (run: make catalogues)"
        elif "fuzzy" in found.flags:
            yield found, "is fuzzy"
        elif not all(texts := forms(found.string)) or (
            message.pluralizable and len(texts) < translated.num_plurals
        ):
            yield found, "is not translated"
        else:
            yield from ((found, fault) for fault in find_blank_faults(forms(message.id), texts))


def find_blank_faults(sources: tuple[str, ...], texts: tuple[str, ...]) -> Iterator[str]:
    """Yield what is wrong with the blanks of a translation's forms.

    The last form must have the blanks of the source's plural ("%(num)d places"); earlier ones may say the number
    in words, as the source's singular does ("one place").
    """
    for number, text in enumerate(texts, start=1):
        wanted = [blanks(source) for source in (sources[-1:] if number == len(texts) else sources)]
        if blanks(text) not in wanted:
            yield f"has the blanks {sorted(blanks(text))} where the source has {sorted(wanted[-1])}"


def blanks(text: str) -> Counter[str]:
    """Return how often each blank stands in the text; %% counts too, as it must stay escaped."""
    return Counter(match[0] for match in BLANK.finditer(text))


def forms(text: str | tuple[str, ...] | list[str] | None) -> tuple[str, ...]:
    """Return the singular and plural forms, or the only one."""
    return (text or "",) if isinstance(text, str) or text is None else tuple(text)


def main(template: str, *catalogues: str) -> int:
    """Print every fault; return 1 if there is one."""
    source = read(Path(template))
    count = 0
    for name in catalogues:
        if not Path(name).is_file():
            print(f"{name}: there is no such catalogue (run: make catalogues)")
            count += 1
            continue
        for message, fault in find_faults(source, read(Path(name))):
            print(f"{name}:{message.lineno or 1}: {forms(message.id)[0]!r} {fault}")
            count += 1
    print(f"{count} faults in {len(catalogues)} catalogues of {len(source)} messages")
    return 1 if count else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
