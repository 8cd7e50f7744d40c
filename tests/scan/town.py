"""``python -m tests.scan.town``: fills a new installation (DOORSTEP_DATA) with a shop and a household, so that scanners
find something behind every door. Says, in JSON, the key of a program, and where each kind of user begins.
"""

import json
import sys
from typing import Any, Final

import django
from django.conf import settings
from django.core.management import call_command

NUMBER: Final = "LX123456079CN"


def main() -> int:
    """Everything that is told is on standard output."""
    django.setup()
    call_command("migrate", verbosity=0)
    json.dump(peopled(), sys.stdout)
    return 0


def peopled() -> dict[str, Any]:
    """A shop with an order on its way, its team, and a household: {key, users: {who: {start, cookie}}}."""
    from doorstep.app import doors
    from doorstep.app.api import api_keys
    from doorstep.app.household import household_parcels
    from doorstep.app.members import workspaces
    from doorstep.app.overview import deadlines
    from doorstep.app.receive import agents
    from doorstep.core.roles import Member
    from doorstep.db.models import User
    from tests.app.ledger import START, cj, connect, ledger, scan, track17, woo
    from tests.web.shoppers import at_home

    shop = ledger()
    workspaces.join(shop.ws, "bob@example.org", "correct horse battery", Member.AGENT)
    shop.hears(shop.woo(woo(1001, lines=((501, "LAMP-1", 2), (502, "SHADE-2", 1)))), shop.woo(woo(1002)))
    way = (scan(3.6, "InTransit_PickedUp", "Accepted at origin"), scan(5.0, "OutForDelivery_Other", "Out for delivery"))
    shop.hears(shop.cj(cj(number=NUMBER, method="CJPacket Liquid")), shop.track(track17(NUMBER, *way, key=3011)))
    ines, home = at_home("ines@buyer.example")
    household_parcels.add(home.id, "1Z999AA10123456784", "ups", "A lamp", "user:1")
    lamps = connect(shop.ws, "supplier", "agent", START, base_url="")
    alice = User.objects.get(email="alice@example.org")
    links = (
        doors.page_url(shop.ws, shop.order().id),
        doors.lookup_url(shop.ws, shop.store.id),
        agents.make(shop.ws, lamps.id, "Ana of Lamps", 90, "user:1").url,
        deadlines.feed_url(deadlines.open_feed(shop.ws, alice.pk, "user:1")),
    )
    paths = [one.removeprefix(str(settings.PUBLIC_URL)) for one in links]
    users = {
        "nobody": {"start": ["/", "/api/v1/", "/my/", "/accounts/login/"], "cookie": ""},
        "who has links": {"start": paths, "cookie": ""},
        "shopper": {"start": ["/my/"], "cookie": session(ines)},
        "agent": {"start": ["/", "/today"], "cookie": signed_in("bob@example.org")},
        "owner": {"start": ["/", "/today", "/connections", "/team"], "cookie": signed_in(alice.email)},
    }
    return {"key": api_keys.make(shop.ws, "scan", api_keys.SCOPES, 30, "user:1")[1], "users": users}


def signed_in(email: str) -> str:
    """The cookie of a member."""
    from django.test import Client

    from doorstep.db.models import User

    client = Client()
    client.force_login(User.objects.get(email=email))
    return session(client)


def session(client: Any) -> str:
    """A client's session as it stands in the header of a request."""
    return f"{settings.SESSION_COOKIE_NAME}={client.cookies[settings.SESSION_COOKIE_NAME].value}"


if __name__ == "__main__":
    raise SystemExit(main())
