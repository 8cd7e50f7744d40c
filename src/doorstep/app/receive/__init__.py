"""How news comes in: mails, tables, feeds of stores and suppliers, and what people type or teach."""
