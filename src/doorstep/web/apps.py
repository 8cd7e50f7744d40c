"""The Django application of the console and the pages: templates, static files, no tables."""

from django.apps import AppConfig


class WebConfig(AppConfig):
    name = "doorstep.web"
    label = "web"
