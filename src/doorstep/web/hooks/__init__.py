"""Where vendors deliver their webhooks."""
