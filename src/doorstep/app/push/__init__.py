"""Numbers given to stores and payment services: the rules, the giving, the taking back."""
