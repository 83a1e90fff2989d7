"""The check of the translations finds every sort of fault, and nothing where there is none."""

import importlib.util
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

spec = importlib.util.spec_from_file_location("check_catalogues", ROOT / "scripts" / "check_catalogues.py")
check_catalogues = importlib.util.module_from_spec(spec)
spec.loader.exec_module(check_catalogues)

SENTENCE = "Place of %(name)s, 100 %%"
PLACES = ("One place", "%(num)d places")


def catalogue(folder: Path, language: str, *entries: str) -> Path:
    """Write a catalogue with Vietnamese (one form) or Hindi (two forms) plurals."""
    plural = {"vi": "nplurals=1; plural=0;", "hi": "nplurals=2; plural=(n > 1);"}[language]
    head = f'msgid ""\nmsgstr "Content-Type: text/plain; charset=utf-8\\nPlural-Forms: {plural}\\n"\n'
    path = folder / f"{language}.po"
    path.write_text("\n".join([head, *entries]), "utf-8")
    return path


def entry(source: str, text: str, flag: str = "") -> str:
    """Return one sentence of a catalogue."""
    return f'{flag}msgid "{source}"\nmsgstr "{text}"\n'


def counted(source: tuple[str, str], *texts: str) -> str:
    """Return one sentence with a number in it."""
    forms = "".join(f'msgstr[{number}] "{text}"\n' for number, text in enumerate(texts))
    return f'msgid "{source[0]}"\nmsgid_plural "{source[1]}"\n{forms}'


def faults(source: Path, translated: Path) -> list[str]:
    found = check_catalogues.find_faults(check_catalogues.read(source), check_catalogues.read(translated))
    return [fault for _, fault in found]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Chỗ của %(name)s, 100 %%", []),
        ("", ["is not translated"]),
        ("Chỗ của bạn, 100 %%", ["has the blanks ['%%'] where the source has ['%%', '%(name)s']"]),
        (
            "Chỗ của %(ten)s, 100 %%",
            ["has the blanks ['%%', '%(ten)s'] where the source has ['%%', '%(name)s']"],
        ),
        ("Chỗ của %(name)s, 100 %", ["has the blanks ['%(name)s'] where the source has ['%%', '%(name)s']"]),
    ],
)
def test_a_sentence_keeps_its_blanks(tmp_path, text, expected):
    source = catalogue(tmp_path, "hi", entry(SENTENCE, ""))

    translated = catalogue(tmp_path, "vi", entry(SENTENCE, text))

    assert faults(source, translated) == expected


@pytest.mark.parametrize(
    ("language", "texts", "expected"),
    [
        ("vi", ["%(num)d chỗ"], []),
        ("vi", ["Một chỗ"], ["has the blanks [] where the source has ['%(num)d']"]),
        ("hi", ["एक सीट", "%(num)d सीटें"], []),
        ("hi", ["%(num)d सीट", "%(num)d सीटें"], []),
        ("hi", ["%(num)d सीट", "सीटें"], ["has the blanks [] where the source has ['%(num)d']"]),
        ("hi", ["%(num)d सीट", ""], ["is not translated"]),
    ],
)
def test_the_last_plural_form_counts(tmp_path, language, texts, expected):
    (tmp_path / "source").mkdir()
    source = catalogue(tmp_path / "source", "hi", counted(PLACES, "", ""))

    translated = catalogue(tmp_path, language, counted(PLACES, *texts))

    assert faults(source, translated) == expected


def test_an_unsure_translation_is_a_fault(tmp_path):
    source = catalogue(tmp_path, "hi", entry("Programme", ""))

    translated = catalogue(tmp_path, "vi", entry("Programme", "Chương trình", flag="#, fuzzy\n"))

    assert faults(source, translated) == ["is fuzzy"]


def test_a_new_sentence_is_missed(tmp_path):
    source = catalogue(tmp_path, "hi", entry("Programme", ""))

    translated = catalogue(tmp_path, "vi")

    assert faults(source, translated) == ["is not in the catalogue (run: make catalogues)"]


def test_a_missing_catalogue_is_a_fault(tmp_path, capsys):
    source = catalogue(tmp_path, "hi", entry("Programme", ""))

    code = check_catalogues.main(str(source), str(tmp_path / "vi.po"))

    assert code == 1
    assert capsys.readouterr().out.splitlines()[0] == (
        f"{tmp_path / 'vi.po'}: there is no such catalogue (run: make catalogues)"
    )
