"""The door for a WSGI server: `gunicorn wsgi:app`."""

import config
from dxday.app import create_app

app = create_app(config.read())
