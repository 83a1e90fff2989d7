"""Settings: read once, refused with the mend."""

import stat

import pytest

import config

GOOD = {
    "DXDAY_ENV": "production",
    "SECRET_KEY": "k" * 40,
    "SEALING_KEYS": "c" * 43,
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


def test_sealing_keys_are_made_once_and_the_newest_of_several_comes_first(tmp_path):
    first = config.read({"DXDAY_INSTANCE": str(tmp_path)})
    again = config.read({"DXDAY_INSTANCE": str(tmp_path)})
    given = config.read({"DXDAY_INSTANCE": str(tmp_path), "SEALING_KEYS": f"{'A' * 43}, {'c' * 42}A"})

    assert (first.sealing_keys, first.keys_are_given) == (again.sealing_keys, False)
    assert [len(key) for key in first.sealing_keys] == [32]
    assert stat.S_IMODE(first.kept_keys.stat().st_mode) == 0o600
    assert (given.sealing_keys[0], len(given.sealing_keys), given.keys_are_given) == (bytes(32), 2, True)


def test_a_sealing_key_is_never_shown(tmp_path):
    word = "c" * 43

    with pytest.raises(config.SettingsRefused) as refused:
        config.read(GOOD | {"DXDAY_INSTANCE": str(tmp_path), "SEALING_KEYS": f"{word} {word[:-3]}"})

    assert "ccc" not in str(refused.value)
    assert "sealing_keys" not in repr(config.read(GOOD | {"DXDAY_INSTANCE": str(tmp_path)}))


def test_a_damaged_file_of_keys_stops_the_start_and_is_left_alone(tmp_path):
    (tmp_path / "sealing-keys").write_text("half a k")

    with pytest.raises(config.SettingsRefused):
        config.read({"DXDAY_INSTANCE": str(tmp_path)})

    assert (tmp_path / "sealing-keys").read_text() == "half a k"


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
        ("SEALING_KEYS", None),
        ("SEALING_KEYS", "c" * 42),
        ("SEALING_KEYS", "c" * 43 + " " + "d" * 30),
        ("SEALING_KEYS", "c" * 42 + "!"),
        ("DATABASE_URL", None),
        ("SMTP_URL", None),
        ("SMTP_URL", "http://mail.example"),
        ("BASE_URL", "http://day.example"),
        ("SMS_URL", "http://:token@gateway.example/messages"),
        ("SMS_URL", "gateway.example"),
        ("CLAMAV_ADDRESS", "clamd.example:3310"),
        ("CLAMAV_ADDRESS", "tcp://clamd.example:many"),
        ("CLAMAV_ADDRESS", "unix:clamd.ctl"),
        ("CALLS_TO", "nowhere"),
        ("DEFAULT_LOCALE", "fr"),
        ("STORAGE_URL", "ftp://files.example"),
        ("DXDAY_ENV", "staging"),
        ("DXDAY_INSTANZ", "/x"),
        ("TIME_ZONE", "Mars/Olympus"),
        ("TRUSTED_PROXIES", "many"),
        ("BOUNCE_ADDRESS", "Bounces <bounces@example.org>"),
        ("BOUNCE_ADDRESS", "thư@example.org"),
        ("BOUNCE_TOKEN", "short"),
        ("BOUNCE_URL", "imaps://mail.example.org/INBOX"),
        ("BOUNCE_URL", "pop3://user@mail.example.org"),
        ("BOUNCE_URL", "maildir:bounces"),
    ],
)
def test_a_missing_weak_or_unknown_setting_is_refused_by_name(tmp_path, name, value):
    given = GOOD | {"DXDAY_INSTANCE": str(tmp_path), name: value}

    with pytest.raises(config.SettingsRefused) as refused:
        config.read({key: text for key, text in given.items() if text is not None})

    assert [fault for fault in refused.value.faults if name in fault] == refused.value.faults[:1]


def test_webhooks_lead_into_the_own_network_in_the_embedded_copy_alone(tmp_path):
    embedded = config.read({"DXDAY_INSTANCE": str(tmp_path)})
    production = config.read(GOOD | {"DXDAY_INSTANCE": str(tmp_path)})
    wanted = config.read(GOOD | {"DXDAY_INSTANCE": str(tmp_path), "CALLS_TO": "anywhere"})

    assert (embedded.calls_to, production.calls_to, wanted.calls_to) == ("anywhere", "public", "anywhere")


def test_a_gateway_for_text_messages_may_be_on_this_machine_in_the_embedded_copy(tmp_path):
    url = "http://:token@127.0.0.1:9000/messages"

    settings = config.read({"DXDAY_INSTANCE": str(tmp_path), "SMS_URL": url})

    assert settings.sms_url == url


@pytest.mark.parametrize(
    "url", ["imaps://user:very-secret@/INBOX", "imap://user:very-secret@host:many/INBOX"]
)
def test_a_mailbox_that_is_refused_does_not_show_its_password(tmp_path, url):
    with pytest.raises(config.SettingsRefused) as refused:
        config.read(GOOD | {"DXDAY_INSTANCE": str(tmp_path), "BOUNCE_URL": url})

    assert "secret" not in str(refused.value)


def test_what_comes_back_is_read_only_where_it_is_set(tmp_path):
    given = {
        "BOUNCE_ADDRESS": "bounces@day.example.org",
        "BOUNCE_URL": "imaps://bounces:p%40ss@mail.example.org/INBOX",
        "BOUNCE_TOKEN": "t" * 32,
    }

    none = config.read({"DXDAY_INSTANCE": str(tmp_path)})
    some = config.read(GOOD | given | {"DXDAY_INSTANCE": str(tmp_path)})

    assert (none.bounce_address, none.bounce_url, none.bounce_token) == (None, None, None)
    assert (some.bounce_address, some.bounce_url, some.bounce_token) == tuple(given.values())


def test_every_fault_is_named_at_once(tmp_path):
    with pytest.raises(config.SettingsRefused) as refused:
        config.read({"DXDAY_ENV": "production", "DXDAY_INSTANCE": str(tmp_path)})

    assert len(refused.value.faults) == 5
