"""The web server's way in."""

import os

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "lunarpartners.settings")
os.environ.setdefault("LUNARPARTNERS_PROCESS", "web")

from django.core.wsgi import get_wsgi_application  # noqa: E402  # the environment comes first

from lunarpartners.warm import warm  # noqa: E402

application = get_wsgi_application()
warm()
