"""The web application, for granian."""

import os

from django.core.wsgi import get_wsgi_application

from bihuan.wiring.leash import end_with_parent

end_with_parent()  # a granian worker outlives a killed granian otherwise, and keeps the port
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "bihuan.wiring.settings")
application = get_wsgi_application()
