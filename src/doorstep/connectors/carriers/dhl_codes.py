"""What DHL's status codes mean, by DHL's service. Source: DHL's own lists, in ``dhl_codes.csv`` with our readings."""

from pathlib import Path
from typing import Final

from doorstep.connectors.scans import code_tables

TABLES: Final = code_tables(Path(__file__).with_name("dhl_codes.csv"))
EXPRESS: Final = TABLES["express"]
PARCEL_DE: Final = TABLES["parcel-de"]
UNIFIED: Final = TABLES["unified"]
