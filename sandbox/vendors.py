"""All vendors that are known by their host names, behind one port."""

from collections.abc import Mapping
from typing import Any

from aiohttp import web

from sandbox.faults import Faults, troubled
from sandbox.vendor import Vendor


def vendors_app(vendors: Mapping[str, Vendor], faults: Faults) -> web.Application:
    """A call for a host that is none of theirs is answered with 404."""
    app = web.Application()
    for name, vendor in vendors.items():
        for host in vendor.hosts:
            one = vendor.app()
            one.middlewares.insert(0, troubled(faults, name, {}))
            app.add_domain(host, one)
    return app


def described(vendors: Mapping[str, Vendor]) -> dict[str, dict[str, Any]]:
    """{name: {kind, hosts, keys}}: where each is and how to be let in. Asking makes no new keys."""
    return {name: {"kind": one.kind, "hosts": list(one.hosts), "keys": dict(one.keys)} for name, one in vendors.items()}
