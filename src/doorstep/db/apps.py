"""The Django application that holds the tables. Its label is the prefix of every table name."""

from django.apps import AppConfig


class DoorstepConfig(AppConfig):
    name = "doorstep.db"
    label = "doorstep"
    default_auto_field = "django.db.models.BigAutoField"
