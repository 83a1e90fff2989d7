"""The door for a WSGI server: `gunicorn wsgi:app`."""

import config
from dxday.app import create_app, refuse_when_behind

app = create_app(config.read())
with app.app_context():
    refuse_when_behind()
