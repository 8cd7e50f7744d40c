"""The shopper's app: households, what they wait for, their mailboxes, news and stores."""
