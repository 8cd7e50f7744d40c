"""Tables that people and suppliers write: as files of a spreadsheet, or pasted."""
