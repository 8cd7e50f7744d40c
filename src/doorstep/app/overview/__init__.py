"""All orders as a merchant sees them: tabs, search, what needs somebody today, dates, the trail."""
