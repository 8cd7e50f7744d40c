"""One order as a person sees it: parcels, scans, findings, its way on a map, what was known when."""
