"""Settings: read once, refused with the mend."""

import stat

import pytest

import config

GOOD = {
    "DXDAY_ENV": "production",
    "SECRET_KEY": "k" * 40,
    "DATABASE_URL": "postgres://user@host/dxday",
    "SMTP_URL": "smtp://mail.example:587?tls=starttls",
    "BASE_URL": "https://day.example/",
}


def test_the_embedded_defaults_lie_in_the_instance(tmp_path):
    settings = config.read({"DXDAY_INSTANCE": str(tmp_path)})

    assert settings.database_url == f"sqlite:///{tmp_path}/dxday.db"
    assert settings.storage_url == f"file:{tmp_path}/files"
    assert settings.queue_url == f"sqlite:{tmp_path}/queue.db"
    assert (settings.smtp_url, settings.default_locale, settings.time_zone) == (
        None,
        "vi",
        "Asia/Ho_Chi_Minh",
    )


def test_a_secret_is_made_once_and_kept_for_the_owner_alone(tmp_path):
    first = config.read({"DXDAY_INSTANCE": str(tmp_path)}).secret_key

    assert config.read({"DXDAY_INSTANCE": str(tmp_path)}).secret_key == first
    assert len(first) >= 48
    assert stat.S_IMODE((tmp_path / "secret-key").stat().st_mode) == 0o600


def test_production_starts_with_all_that_it_needs(tmp_path):
    settings = config.read(GOOD | {"DXDAY_INSTANCE": str(tmp_path)})

    assert settings.database_url == "postgresql+psycopg://user@host/dxday"
    assert settings.base_url == "https://day.example"
    assert settings.flask()["SESSION_COOKIE_SECURE"] is True


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SECRET_KEY", None),
        ("SECRET_KEY", "changeme"),
        ("DATABASE_URL", None),
        ("SMTP_URL", None),
        ("SMTP_URL", "http://mail.example"),
        ("BASE_URL", "http://day.example"),
        ("DEFAULT_LOCALE", "fr"),
        ("STORAGE_URL", "ftp://files.example"),
        ("DXDAY_ENV", "staging"),
        ("DXDAY_INSTANZ", "/x"),
        ("TIME_ZONE", "Mars/Olympus"),
        ("TRUSTED_PROXIES", "many"),
    ],
)
def test_a_missing_weak_or_unknown_setting_is_refused_by_name(tmp_path, name, value):
    given = GOOD | {"DXDAY_INSTANCE": str(tmp_path), name: value}

    with pytest.raises(config.SettingsRefused) as refused:
        config.read({key: text for key, text in given.items() if text is not None})

    assert [fault for fault in refused.value.faults if name in fault] == refused.value.faults[:1]


def test_every_fault_is_named_at_once(tmp_path):
    with pytest.raises(config.SettingsRefused) as refused:
        config.read({"DXDAY_ENV": "production", "DXDAY_INSTANCE": str(tmp_path)})

    assert len(refused.value.faults) == 4
