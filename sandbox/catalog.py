"""What the shop sells and who buys. Every person is invented; addresses are at example.com."""

from dataclasses import dataclass
from datetime import timedelta, timezone


@dataclass(frozen=True, slots=True, kw_only=True)
class Product:
    """``small``: an item class that suppliers often send without any scan."""

    sku: str
    title: str
    price: str
    category: str
    small: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Buyer:
    """Who buys, with a full address."""

    first: str
    last: str
    street: str
    city: str
    state: str
    postcode: str
    country: str
    phone: str

    @property
    def email(self) -> str:
        """An address that can never reach anybody (RFC 2606)."""
        return f"{self.first}.{self.last}@example.com".lower()


@dataclass(frozen=True, slots=True, kw_only=True)
class Country:
    """Where parcels cross the border and are sorted. ``offset`` is the local time east of UTC, fixed."""

    border: str
    hub: str
    offset: timezone


def _offset(hours: int) -> timezone:
    return timezone(timedelta(hours=hours))


CHINA = _offset(8)
COUNTRIES = {
    "US": Country(border="Los Angeles, CA", hub="Memphis, TN", offset=_offset(-6)),
    "GB": Country(border="Heathrow", hub="Coventry", offset=_offset(0)),
    "DE": Country(border="Frankfurt", hub="Leipzig", offset=_offset(1)),
    "FR": Country(border="Roissy", hub="Lyon", offset=_offset(1)),
    "CA": Country(border="Vancouver, BC", hub="Mississauga, ON", offset=_offset(-5)),
    "AU": Country(border="Sydney, NSW", hub="Melbourne, VIC", offset=_offset(10)),
    "NL": Country(border="Schiphol", hub="Den Hoorn", offset=_offset(1)),
    "ES": Country(border="Madrid-Barajas", hub="Zaragoza", offset=_offset(1)),
}


def _product(sku: str, title: str, price: str, category: str, *, small: bool = False) -> Product:
    return Product(sku=sku, title=title, price=price, category=category, small=small)


PRODUCTS = (
    _product("CASE-CLR-15", "Clear phone case", "14.90", "Phone accessories"),
    _product("LAMP-MOON-S", "Moon night lamp", "32.00", "Lighting"),
    _product("LAMP-DESK-W", "Folding desk lamp", "41.50", "Lighting"),
    _product("BTL-STEEL-75", "Steel bottle 0.75 l", "24.00", "Kitchen"),
    _product("MAT-YOGA-GR", "Yoga mat, green", "29.90", "Sports"),
    _product("BAG-ROLL-NV", "Roll-top backpack, navy", "58.00", "Bags"),
    _product("CBL-USBC-2M", "Braided USB-C cable, 2 m", "11.90", "Phone accessories"),
)
SMALL_PRODUCTS = (
    _product("RING-MOON-7", "Moonstone ring", "19.00", "Jewellery", small=True),
    _product("STK-CATS-50", "Cat stickers, 50 pieces", "7.50", "Stickers", small=True),
    _product("SEW-BTN-20", "Wooden buttons, 20 pieces", "6.90", "Sewing", small=True),
)


def _buyer(name: str, street: str, place: str, country: str, phone: str) -> Buyer:
    """``place`` is ``city|state|postcode``."""
    first, last = name.split(" ")
    city, state, postcode = place.split("|")
    return Buyer(
        first=first,
        last=last,
        street=street,
        city=city,
        state=state,
        postcode=postcode,
        country=country,
        phone=phone,
    )


INES = _buyer("Ines Aroso", "Rua das Flores 1", "Porto||4000-123", "PT", "+351 900 000 001")  # of single vendors' tests
# Phone numbers are from ranges that regulators keep free for fiction where such a range exists.
BUYERS = (
    _buyer("Mara Lanternfield", "12 Quill Street", "Nenana|AK|99760", "US", "+1 907 555 0112"),
    _buyer("Otis Brambleworth", "480 Teacup Avenue", "Portland|OR|97205", "US", "+1 503 555 0147"),
    _buyer("June Pepperdock", "7 Marble Court", "Savannah|GA|31401", "US", "+1 912 555 0163"),
    _buyer("Wilf Applethwaite", "3 Thimble Row", "Whitby||YO21 3PU", "GB", "+44 1632 960112"),
    _buyer("Nell Dovecote", "28 Lantern Hill", "Bath||BA1 2QH", "GB", "+44 1632 960187"),
    _buyer("Fritz Regenpfeifer", "Nebelgasse 4", "Lübeck||23552", "DE", "+49 30 23125 014"),
    _buyer("Greta Wolkenstein", "Am Teichufer 19", "Bamberg||96047", "DE", "+49 30 23125 077"),
    _buyer("Lucie Pommeclair", "6 rue des Hirondelles", "Annecy||74000", "FR", "+33 1 99 00 12 34"),
    _buyer("Basile Grandciel", "41 quai du Moulin", "Nantes||44000", "FR", "+33 1 99 00 56 78"),
    _buyer("Hazel Frostmitten", "95 Spruce Lane", "Whitehorse|YT|Y1A 1A1", "CA", "+1 867 555 0129"),
    _buyer("Ned Kookaburrow", "14 Gumnut Parade", "Hobart|TAS|7000", "AU", "+61 491 570 156"),
    _buyer("Saskia Tulpenburg", "Molenpad 22", "Delft||2611 AB", "NL", "+31 85 012 3456"),
    _buyer("Paco Naranjales", "Calle del Olivo 9", "Ronda|MA|29400", "ES", "+34 600 000 012"),
)
