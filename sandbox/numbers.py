"""Tracking numbers that pass the check of their format, drawn from a seeded generator."""

import re
from dataclasses import dataclass
from random import Random

S10_WEIGHTS = (8, 6, 4, 2, 3, 5, 9, 7)  # UPU standard S10


@dataclass(frozen=True, slots=True, kw_only=True)
class Carrier:
    """A carrier as the aggregator lists it. ``key`` is 17TRACK's, ``slug`` the store's tracking plugin's."""

    key: int
    name: str
    country: str
    homepage: str
    slug: str = ""


CJPACKET = Carrier(key=191159, name="CJPacket", country="CN", homepage="https://cjdropship.com/")
YUNEXPRESS = Carrier(
    key=190008, name="YunExpress", country="CN", homepage="https://www.yunexpress.cn/", slug="yunexpress"
)
CHINA_POST = Carrier(key=3011, name="China Post", country="CN", homepage="https://yjcx.ems.com.cn/", slug="china-post")
USPS = Carrier(key=21051, name="USPS", country="US", homepage="https://www.usps.com/", slug="usps")
ROYAL_MAIL = Carrier(
    key=11031, name="Royal Mail", country="GB", homepage="https://www.royalmail.com/", slug="royal-mail"
)
DHL_PAKET = Carrier(key=7041, name="DHL Paket", country="DE", homepage="https://www.dhl.de/", slug="dhl-paket")
LA_POSTE = Carrier(key=6051, name="La Poste", country="FR", homepage="https://www.laposte.fr/", slug="la-poste")
CANADA_POST = Carrier(
    key=3041, name="Canada Post", country="CA", homepage="https://www.canadapost.ca/", slug="canada-post"
)
AUSTRALIA_POST = Carrier(
    key=1151, name="Australia Post", country="AU", homepage="https://auspost.com.au/", slug="australia-post"
)
POSTNL = Carrier(key=14041, name="PostNL", country="NL", homepage="https://www.postnl.nl/", slug="postnl")
CORREOS = Carrier(key=19181, name="Correos Spain", country="ES", homepage="https://www.correos.es/", slug="correos")
HERMES = Carrier(key=100031, name="Hermes (DE)", country="DE", homepage="https://www.myhermes.de/", slug="hermes")
DPD = Carrier(key=101108, name="DPD Group", country="DE", homepage="https://www.dpd.com/de/", slug="dpd-de")
UPS = Carrier(key=100002, name="UPS", country="US", homepage="https://www.ups.com/", slug="ups")
FEDEX = Carrier(key=100003, name="FedEx", country="US", homepage="https://www.fedex.com/", slug="fedex")
LOCAL = {
    one.country: one for one in (USPS, ROYAL_MAIL, DHL_PAKET, LA_POSTE, CANADA_POST, AUSTRALIA_POST, POSTNL, CORREOS)
}
CARRIERS = (CJPACKET, YUNEXPRESS, CHINA_POST, HERMES, DPD, UPS, FEDEX, *LOCAL.values())
SHAPES = (
    (re.compile(r"CJP[A-Z]{2}\d{10}YQ"), CJPACKET),
    (re.compile(r"YT\d{16}"), YUNEXPRESS),
    (re.compile(r"9[2-5]\d{20}"), USPS),
    (re.compile(r"1Z[0-9A-Z]{16}"), UPS),
    (re.compile(r"\d{12}"), FEDEX),
    (re.compile(r"00\d{18}"), DHL_PAKET),
    (re.compile(r"0\d{13}"), HERMES),  # a guess, as good as any: DPD numbers look the same
)
S10_SHAPE = re.compile(r"[A-Z]{2}\d{9}([A-Z]{2})")
BY_KEY = {carrier.key: carrier for carrier in CARRIERS}


def digits(random: Random, count: int) -> str:
    """``count`` random digits, the first not 0."""
    return str(random.randint(1, 9)) + "".join(str(random.randint(0, 9)) for _ in range(count - 1))


def s10(random: Random, service: str, country: str) -> str:
    """A postal item number by UPU S10: two letters, eight digits and their check digit, the country."""
    serial = digits(random, 8)
    rest = 11 - sum(int(digit) * weight for digit, weight in zip(serial, S10_WEIGHTS, strict=True)) % 11
    return f"{service}{serial}{ {10: 0, 11: 5}.get(rest, rest) }{country}"


def mod10(body: str) -> int:
    """GS1 check digit: weights 3 and 1 from the right (USPS IMpb and the SSCC of DHL Paket alike)."""
    return -sum(int(digit) * (3 if place % 2 == 0 else 1) for place, digit in enumerate(reversed(body))) % 10


def impb(random: Random) -> str:
    """A USPS Intelligent Mail package barcode of 22 digits (service 94 001, mailer of six digits)."""
    body = "94001" + "112062" + digits(random, 10)
    return f"{body}{mod10(body)}"


def sscc(random: Random) -> str:
    """A 20-digit DHL Paket shipment number: 00, extension and company 340434, serial, check digit."""
    body = "340434" + digits(random, 11)
    return f"00{body}{mod10(body)}"


def cjp(random: Random, country: str) -> str:
    """CJPacket's own number. It has no check digit."""
    return f"CJP{country}{digits(random, 10)}YQ"


def yt(random: Random) -> str:
    """YunExpress: YT and 16 digits, the first four the year and week. It has no check digit."""
    return f"YT26{random.randint(10, 52)}{digits(random, 12)}"


def fourteen(random: Random) -> str:
    """A DPD parcel number: four digits of the depot, ten of the serial. Hermes numbers look just the same."""
    return "0155" + digits(random, 10)


def one_z(random: Random) -> str:
    """A UPS number: 1Z, six places of the shipper, two of the service, seven of the parcel, a check digit."""
    body = "A12E45" + "03" + digits(random, 7)
    values = [int(one) if one.isdigit() else (ord(one) - 63) % 10 for one in body]
    return f"1Z{body}{-(sum(values[::2]) + 2 * sum(values[1::2])) % 10}"


def express(random: Random) -> str:
    """A FedEx Express number: eleven digits and their remainder by 11 (10 is written 0), weights 3, 1, 7."""
    body = digits(random, 11)
    return f"{body}{sum(int(digit) * (3, 1, 7)[place % 3] for place, digit in enumerate(body)) % 11 % 10}"


def local_number(random: Random, carrier: Carrier) -> str:
    """A number as a carrier would give it that brings the parcel to the door."""
    makers = {YUNEXPRESS: yt, UPS: one_z, FEDEX: express, USPS: impb, DHL_PAKET: sscc, DPD: fourteen}
    return makers[carrier](random) if carrier in makers else s10(random, "LX", carrier.country)


def plausible_carrier(number: str) -> Carrier | None:
    """Whose number this looks like; None when nobody's. The aggregator's auto-detection."""
    for pattern, carrier in SHAPES:
        if pattern.fullmatch(number):
            return carrier
    postal = S10_SHAPE.fullmatch(number)
    return {"CN": CHINA_POST, **LOCAL}.get(postal[1]) if postal else None
