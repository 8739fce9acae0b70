"""The WSGI application, for waitress here and any other server elsewhere."""

from django.core.wsgi import get_wsgi_application

application = get_wsgi_application()
