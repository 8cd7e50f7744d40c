"""Django as WSGI: what ``doorstep up`` mounts and what any WSGI server can serve."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "doorstep.settings")
application = get_wsgi_application()
