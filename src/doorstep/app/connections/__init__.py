"""Stores, suppliers, carriers and domains are connected, tested, and shown with what they can do."""
