"""What Doorstep knows, written as other systems write it: for their APIs' shapes (``web.compat``) and for webhooks."""
